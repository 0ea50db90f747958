/**
 * Files with `sendfile(2)`: the system copies once or not at all, where reading and writing copies twice. It blocks a
 * thread of the runtime's pool, and nothing else.
 *
 * @module
 */

import { messageOf } from "../net/message_of.ts";
import { type FileSender, FileSendError, type FileSending } from "../data/file_sender.ts";
import type { FilePart } from "../net/connection.ts";
import { isPlain } from "../net/plain_sockets.ts";
import { FileStatus } from "./file_status.ts";
import { cString, type Libc, O_CLOEXEC, O_NOCTTY, O_NOFOLLOW, O_NONBLOCK } from "./libc.ts";
import { duplicateSocket } from "./socket_descriptor.ts";

/**
 * Files at the same time: each blocks a thread of the runtime's pool, which has 32, and all other file operations use
 * them too.
 */
const MOST_FILES = 16;
/** Milliseconds that the system waits for a slow peer before it reports progress. */
const PATIENCE = 200;
/** Attempts that fail immediately before the file is considered broken: a signal may interrupt one or two. */
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

/** Opens the file at its offset, if it is still the one at its path. */
function openSame(libc: Libc, { path, offset, ...identity }: FilePart): number | undefined {
  // The path is a real one, so anything but a file was put there since: a FIFO would wait for the other end.
  const file = libc.open(cString(path), O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0);
  if (file < 0) return undefined;
  const status = new FileStatus(libc);
  const isSame = status.lookAt(file) && status.is(identity);
  if (isSame && Number(libc.lseek(file, BigInt(offset), Deno.SeekMode.Start)) === offset) return file;
  libc.close(file);
  return undefined;
}

/** Open descriptors, and who is notified when they are closed. */
interface Descriptors {
  readonly file: number;
  readonly socket: number;
  readonly free: () => void;
}

/**
 * While it exists the socket is in blocking mode, unlike all others of the runtime: nothing else reads or writes it in
 * the meantime.
 */
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
      // The library has been closed.
      throw new FileSendError("file", `Cannot send the file: ${messageOf(error)}`);
    } finally {
      this.#pending = false;
      if (this.#over) this.#close();
    }
  }

  stop(): void {
    // The number may belong to another socket by now.
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
    if (this.#sent) throw new FileSendError("file", "Cannot continue sending the file");
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

  /** The current state from `poll(2)`. */
  #socketState(): number {
    const request = new DataView(new ArrayBuffer(8));
    request.setInt32(0, this.#descriptors.socket, true);
    request.setInt16(4, POLLOUT, true);
    return this.#libc.poll(request.buffer, 1n, 0) > 0 ? request.getInt16(6, true) : 0;
  }
}
