/**
 * A file that the runtime cannot open because its name is not UTF-8.
 *
 * @module
 */

import type { DiskFile } from "../drivers/disk/calls.ts";
import type { Libc } from "./libc.ts";
import { SystemError } from "./system_error.ts";

/** Reads with `pread(2)`, in a thread of the runtime's pool. Not for two reads at the same time. */
export class OpenFile implements DiskFile {
  readonly info: Deno.FileInfo;
  readonly #libc: Libc;
  readonly #descriptor: number;
  #reading = false;
  #closed = false;

  constructor(libc: Libc, descriptor: number, info: Deno.FileInfo) {
    this.#libc = libc;
    this.#descriptor = descriptor;
    this.info = info;
  }

  async read(buffer: Uint8Array<ArrayBuffer>, position: number): Promise<number | null> {
    if (this.#closed) return null;
    this.#reading = true;
    try {
      const size = BigInt(buffer.byteLength);
      const count = Number(await this.#libc.pread(this.#descriptor, buffer, size, BigInt(position)));
      if (count < 0) throw new SystemError("EIO", "read a file");
      return count === 0 ? null : count;
    } finally {
      this.#reading = false;
      if (this.#closed) this.#libc.close(this.#descriptor);
    }
  }

  /** A running read ends first: until then another file must not get the number. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (!this.#reading) this.#libc.close(this.#descriptor);
  }
}
