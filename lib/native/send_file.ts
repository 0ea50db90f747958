/**
 * Files with `sendfile(2)`: the system copies once or not at all, where reading and writing copies twice. It blocks a
 * thread of the runtime's pool, and nothing else.
 *
 * @module
 */

import {
  type FilePart,
  type FileSent,
  type MakeConnection,
  type SendFileOptions,
  SocketConnection,
} from "../net/connection.ts";
import { FileStatus } from "./file_status.ts";
import {
  cString,
  type Libc,
  O_CLOEXEC,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  POLLOUT,
  pollSocket,
  SOL_SOCKET,
} from "./libc.ts";
import { duplicateSocket } from "./socket_descriptor.ts";
import { finishSocket } from "./socket_ends.ts";

/**
 * Files at the same time: each blocks a thread of the runtime's pool, which has 32, and all other file operations use
 * them too.
 */
const MOST_FILES = 16;
/** Milliseconds that the system waits for a slow peer before it reports progress. */
const PATIENCE = 200;
/** Attempts that fail immediately before the file is considered broken: a signal may interrupt one or two. */
const MOST_TRIES = 3;
/**
 * Bytes that the system is asked to send at once. Each call costs some 60 µs, and the processor does nothing else for
 * as long as it copies. With four downloads next to a NOOP, its p99 and the rate of all four were 0.4 ms and 4.1 GB/s
 * with a quarter of a MiB, 0.5 and 4.9 with a half, 0.7 and 4.8 with one, 1.7 and 4.8 with sixteen (two processors, a
 * kernel that is not preempted).
 */
const STRIDE = { first: 256 * 1024, least: 64 * 1024, most: 512 * 1024 } as const;
/** Milliseconds of a call after which twice as much is worth trying, and above which it was too much. */
const QUICK = 20;
const SLOW = 250;
/**
 * Slow calls in a row after which the rest is left to the runtime: the next one would wait for the peer in one of the
 * few threads of the pool. The runtime waits without one.
 */
const TOO_SLOW = 2;

const F_GETFL = 3;
const F_SETFL = 4;
const SO_SNDTIMEO = 21;
const SHUT_RDWR = 2;
const POLLERR = 0x8;
const POLLHUP = 0x10;

/** Makes connections that send files with the functions of `libc`, at most a few at the same time. */
export function sendingSockets(libc: Libc): MakeConnection {
  const slots = { free: MOST_FILES };
  return (socket) => new SendingSocket(socket, libc, slots);
}

/** How many more files may be sent. */
interface Slots {
  free: number;
}

class SendingSocket extends SocketConnection {
  readonly #libc: Libc;
  readonly #slots: Slots;
  #closed = false;
  #writing = 0;
  #sending: NativeSending | undefined;

  constructor(socket: Deno.TcpConn, libc: Libc, slots: Slots) {
    super(socket);
    this.#libc = libc;
    this.#slots = slots;
  }

  /** See {@link Connection.sendFile}. A slow peer is left to the caller, as is a file that ends early. */
  async sendFile(part: FilePart, { onProgress }: SendFileOptions): Promise<FileSent | undefined> {
    using sending = this.#begin(part);
    if (!sending) return undefined;
    this.#sending = sending;
    let bytes = 0;
    try {
      let slow = 0;
      // It may be closed between two calls.
      for (let stride: number = STRIDE.first; bytes < part.limit && slow < TOO_SLOW && !this.#closed;) {
        const began = performance.now();
        const asked = Math.min(part.limit - bytes, stride);
        const count = await sending.next(asked);
        if (sending.ended) break;
        bytes += count;
        onProgress(bytes);
        const milliseconds = performance.now() - began;
        slow = count < asked || milliseconds > SLOW ? slow + 1 : 0;
        if (slow > 0) stride = Math.max(stride / 4, STRIDE.least);
        else if (milliseconds < QUICK) stride = Math.min(stride * 2, STRIDE.most);
      }
      return bytes === 0 && sending.ended ? undefined : { bytes };
    } catch (error) {
      return { bytes, failure: { of: error instanceof BrokenConnection ? "network" : "file", error } };
    }
  }

  override async write(data: Uint8Array): Promise<number> {
    this.#writing++;
    try {
      return await super.write(data);
    } finally {
      this.#writing--;
    }
  }

  /**
   * Before Deno 2.9 a write that waits for the peer keeps the socket after its close: a client that never reads would
   * keep one for each transfer that it has given up, whatever the limits of its sessions.
   */
  override close(): void {
    this.#closed = true;
    this.#sending?.stop();
    if (this.#writing > 0) finishSocket(this.#libc, this);
    super.close();
  }

  /** `undefined` where this file or this socket cannot be sent so, or enough are on their way. */
  #begin(part: FilePart): NativeSending | undefined {
    const slots = this.#slots;
    if (slots.free === 0) return undefined;
    const file = openSame(this.#libc, part);
    if (file === undefined) return undefined;
    const socket = duplicateSocket(this.#libc, this);
    if (socket === undefined) {
      this.#libc.close(file);
      return undefined;
    }
    slots.free--;
    return new NativeSending(this.#libc, { file, socket, free: () => slots.free++ });
  }
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

/** The peer has gone, or the connection was closed here. */
class BrokenConnection extends Error {
  override readonly name = "BrokenConnection";
}

/**
 * One file on its way. Disposing of it ends a pending {@link next}, and closes the descriptors as soon as that is over.
 *
 * While it exists the socket is in blocking mode, unlike all others of the runtime: nothing else reads or writes it in
 * the meantime.
 */
class NativeSending implements Disposable {
  readonly #libc: Libc;
  readonly #descriptors: Descriptors;
  readonly #flags: number;
  #sent = false;
  #ended = false;
  #pending = false;
  #abandon: (() => void) | undefined;
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

  /** Nothing more of the file can be sent so: it is at its end, or of a kind that cannot be sent. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Sends some, at most `bytes`. Resolves to how many: fewer where it has {@link ended}, and where the peer takes no
   * more for a while. One is pending at a time.
   *
   * @throws {BrokenConnection} if the connection is over; anything else is about the file, or the library was closed.
   */
  next(bytes: number): Promise<number> {
    this.#pending = true;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#abandon = () => reject(new BrokenConnection("Connection was closed while a file was sent"));
    const settle = () => {
      this.#pending = false;
      if (this.#over) this.#close();
    };
    this.#send(bytes).finally(settle).then(resolve, reject);
    return promise;
  }

  /** Ends the connection, and rejects a pending {@link next} without waiting for the system. */
  stop(): void {
    // The number may belong to another socket by now.
    if (this.#closed) return;
    this.#libc.shutdown(this.#descriptors.socket, SHUT_RDWR);
    this.#abandon?.();
  }

  [Symbol.dispose](): void {
    this.#over = true;
    if (this.#pending) this.stop();
    else this.#close();
  }

  async #send(bytes: number): Promise<number> {
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
      if (state & (POLLERR | POLLHUP)) throw new BrokenConnection("Connection is broken");
      if (!(state & POLLOUT) || performance.now() - began >= PATIENCE) return 0;
    }
    if (this.#sent) throw new Error("Cannot continue sending the file");
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
    return pollSocket(this.#libc, this.#descriptors.socket, { events: POLLOUT, wait: 0 });
  }
}
