/**
 * An open file of the C library, with the methods of the runtime's that the disk driver uses.
 *
 * @module
 */

import type { DiskFile } from "../drivers/disk/calls.ts";
import { FileStatus } from "./file_status.ts";
import { type Libc, memory } from "./libc.ts";
import { lastError, SystemError } from "./system_error.ts";

const LOCK_SH = 1;
const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Closing it while an operation is pending is safe: the descriptor is released afterwards, so that no other file gets
 * its number before. What fails in a thread of the runtime's pool leaves its reason there, so reads, writes and
 * truncations are repeated here to learn it.
 */
export class NativeFile implements DiskFile {
  readonly #libc: Libc;
  readonly #descriptor: number;
  #pending = 0;
  #closed = false;

  /** Closing it closes `descriptor`. */
  constructor(libc: Libc, descriptor: number) {
    this.#libc = libc;
    this.#descriptor = descriptor;
  }

  readSync(buffer: Uint8Array): number | null {
    const count = Number(this.#libc.read(this.#open, memory(buffer), BigInt(buffer.length)));
    if (count < 0) throw lastError(this.#libc, "read a file");
    return count === 0 ? null : count;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const count = Number(
      await this.#later((file) => this.#libc.readLater(file, memory(buffer), BigInt(buffer.length))),
    );
    if (count < 0) return this.readSync(buffer);
    return count === 0 ? null : count;
  }

  writeSync(data: Uint8Array): number {
    const count = Number(this.#libc.write(this.#open, memory(data), BigInt(data.length)));
    if (count < 0) throw lastError(this.#libc, "write a file");
    return count;
  }

  async write(data: Uint8Array): Promise<number> {
    const count = Number(await this.#later((file) => this.#libc.writeLater(file, memory(data), BigInt(data.length))));
    return count < 0 ? this.writeSync(data) : count;
  }

  seekSync(offset: number, whence: Deno.SeekMode): number {
    const position = Number(this.#libc.lseek(this.#open, BigInt(offset), whence));
    if (position < 0) throw lastError(this.#libc, "seek in a file");
    return position;
  }

  truncateSync(size: number): void {
    if (this.#libc.ftruncate(this.#open, BigInt(size)) !== 0) throw lastError(this.#libc, "truncate a file");
  }

  async truncate(size: number): Promise<void> {
    const result = await this.#later((file) => this.#libc.ftruncateLater(file, BigInt(size)));
    if (result !== 0) this.truncateSync(size);
  }

  async sync(): Promise<void> {
    requireSynced(await this.#later((file) => this.#libc.fsync(file)));
  }

  async syncData(): Promise<void> {
    requireSynced(await this.#later((file) => this.#libc.fdatasync(file)));
  }

  statSync(): Deno.FileInfo {
    const status = new FileStatus(this.#libc);
    if (!status.lookAt(this.#open)) throw lastError(this.#libc, "look at a file");
    return status.info;
  }

  tryLockSync(exclusive: boolean): boolean {
    if (this.#libc.flock(this.#open, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) === 0) return true;
    const error = lastError(this.#libc, "lock a file");
    if (error.code === "EAGAIN" || error.code === "EWOULDBLOCK") return false;
    throw error;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#pending === 0) this.#libc.close(this.#descriptor);
  }

  get #open(): number {
    if (this.#closed) throw new Deno.errors.BadResource("The file is closed");
    return this.#descriptor;
  }

  async #later<T>(operation: (descriptor: number) => Promise<T>): Promise<T> {
    const descriptor = this.#open;
    this.#pending++;
    try {
      return await operation(descriptor);
    } finally {
      this.#pending--;
      if (this.#closed && this.#pending === 0) this.#libc.close(descriptor);
    }
  }
}

/** Not repeated to learn why: the system reports a lost write once, and the next sync would succeed. */
function requireSynced(result: number): void {
  if (result !== 0) throw new SystemError("EIO", "sync a file");
}
