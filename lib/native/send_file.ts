/**
 * Files by `sendfile(2)`: the system copies once or not at all, where reading and writing copies twice. It waits in a thread of the
 * runtime's pool, so nobody else does.
 *
 * @module
 */

import { type FileSender, FileSendError, type FileSending } from "../data/file_sender.ts";
import type { FilePart } from "../net/connection.ts";
import { isPlain } from "../net/plain_sockets.ts";
import { FileStatus } from "./file_status.ts";
import { cString, type Libc, O_CLOEXEC, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK } from "./libc.ts";
import { duplicateSocket } from "./socket_descriptor.ts";

/** Files at once: each waits in a thread of the runtime's pool, which has 32, and whatever else is done with files waits there too. */
const MOST_FILES = 16;
/** Milliseconds that the system waits for a slow peer before it tells how far it got. */
const PATIENCE = 200;
/** Tries that fail at once until it is the file's fault: a signal may interrupt one or two. */
const MOST_TRIES = 3;

const F_GETFL = 3;
const F_SETFL = 4;
const SOL_SOCKET = 1;
const SO_SNDTIMEO = 21;
const SHUT_RDWR = 2;
const POLLOUT = 0x4;
const POLLERR = 0x8;
const POLLHUP = 0x10;

/** Sends with the functions of `libc`. */
export function fileSender(libc: Libc): FileSender {
  let sending = 0;
  const free = () => sending--;
  return {
    begin(part, connection) {
      if (sending >= MOST_FILES || !isPlain(connection)) return undefined;
      const file = openSame(libc, part);
      if (file === undefined) return undefined;
      const socket = duplicateSocket(libc, connection);
      if (socket === undefined) {
        libc.close(file);
        return undefined;
      }
      sending++;
      return new NativeSending(libc, { file, socket, free });
    },
  };
}

/** Opens the file at its offset, if it is still what is at its path. */
function openSame(libc: Libc, { path, offset, ...identity }: FilePart): number | undefined {
  // The path is a real one, so what is no file there was put there since: a FIFO would wait for the other end.
  const file = libc.open(cString(path), O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0);
  if (file < 0) return undefined;
  const status = new FileStatus(libc);
  const isSame = status.lookAt(file) && status.is(identity);
  if (isSame && Number(libc.lseek(file, BigInt(offset), Deno.SeekMode.Start)) === offset) return file;
  libc.close(file);
  return undefined;
}

/** Numbers of what is open, and who hears that it is closed. */
interface Descriptors {
  readonly file: number;
  readonly socket: number;
  readonly free: () => void;
}

/** While it lives the socket waits, against the runtime's habit: nobody reads or writes it otherwise meanwhile. */
class NativeSending implements FileSending {
  readonly #libc: Libc;
  readonly #descriptors: Descriptors;
  readonly #flags: number;
  #sent = false;
  #ended = false;
  #pending = false;
  #over = false;
  #closed = false;

  constructor(libc: Libc, descriptors: Descriptors) {
    this.#libc = libc;
    this.#descriptors = descriptors;
    const { socket } = descriptors;
    this.#flags = libc.fcntl(socket, F_GETFL, 0);
    libc.fcntl(socket, F_SETFL, this.#flags & ~O_NONBLOCK);
    const patience = new BigInt64Array([0n, BigInt(PATIENCE) * 1000n]);
    libc.setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, patience, patience.byteLength);
  }

  get ended(): boolean {
    return this.#ended;
  }

  async next(bytes: number): Promise<number> {
    this.#pending = true;
    try {
      return await this.#next(bytes);
    } catch (error) {
      if (error instanceof FileSendError) throw error;
      // The library was closed.
      throw new FileSendError("file", `Cannot send the file: ${error instanceof Error ? error.message : error}`);
    } finally {
      this.#pending = false;
      if (this.#over) this.#close();
    }
  }

  stop(): void {
    // The number may mean another socket by now.
    if (this.#closed) return;
    this.#libc.shutdown(this.#descriptors.socket, SHUT_RDWR);
  }

  [Symbol.dispose](): void {
    this.#over = true;
    if (this.#pending) this.stop();
    else this.#close();
  }

  async #next(bytes: number): Promise<number> {
    const { file, socket } = this.#descriptors;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const began = performance.now();
      const count = Number(await this.#libc.sendfile(socket, file, null, BigInt(bytes)));
      if (count >= 0) {
        this.#sent ||= count > 0;
        this.#ended = count === 0;
        return count;
      }
      const state = this.#socketState();
      if (state & (POLLERR | POLLHUP)) throw new FileSendError("network", "Connection is broken");
      if (!(state & POLLOUT) || performance.now() - began >= PATIENCE) return 0;
    }
    if (this.#sent) throw new FileSendError("file", "Cannot send the file any further");
    this.#ended = true;
    return 0;
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { file, socket, free } = this.#descriptors;
    this.#libc.fcntl(socket, F_SETFL, this.#flags);
    this.#libc.close(socket);
    this.#libc.close(file);
    free();
  }

  /** What `poll(2)` says of it now. */
  #socketState(): number {
    const request = new DataView(new ArrayBuffer(8));
    request.setInt32(0, this.#descriptors.socket, true);
    request.setInt16(4, POLLOUT, true);
    return this.#libc.poll(request.buffer, 1n, 0) > 0 ? request.getInt16(6, true) : 0;
  }
}
