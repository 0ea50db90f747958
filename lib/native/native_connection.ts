/**
 * A data connection whose socket only the C library knows: small transfers need nothing of the event loop.
 *
 * @module
 */

import type { Connection, SocketAddress } from "../net/connection.ts";
import { type Libc, memory, POLLIN, pollSocket, SHUT_WR } from "./libc.ts";
import type { Readiness, SocketWaits } from "./socket_waits.ts";
import { lastCode, lastError } from "./system_error.ts";

const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_MORE = 0x8000;

/** Bytes of a client that should only receive that are dropped in one look. */
const MOST_DROPPED = 64 * 1024;
const dropped = new Uint8Array(4096);

/**
 * Milliseconds that the event loop stands still for a client which has just been told to send: one near by takes a
 * tenth of it, and to hear of it through the event loop costs as much again.
 */
const MOMENT = 1;
/** For the content and for the end: one that sends byte by byte must not stop everything for a minute. */
const MOST_MOMENTS = 2;

/** Uploads left to the event loop after a client was waited for in vain; after each further such wait twice as many. */
const FIRST_REST = 8;

/** Until when a client is not waited for. */
interface Rest {
  /** Uploads that are still left to the event loop. */
  left: number;
  /** As many as were left to it in all. */
  length: number;
}

/** Decides for which clients the event loop may stand still for a moment. */
export class Patience {
  /** Of those who were waited for in vain, on a long way or while the machine was busy, and not with success since. */
  readonly #rests = new WeakMap<object, Rest>();
  /** Set if there are no others, for whom it would stand still too. */
  alone = false;

  /** Whether to wait for the client of `session`. */
  allows(session: object | undefined): session is object {
    return this.alone && session !== undefined && !this.#rests.get(session)?.left;
  }

  /** The client was waited for, and `came` or not. */
  waited(session: object, came: boolean): void {
    if (came) {
      this.#rests.delete(session);
      return;
    }
    const rest = this.#rests.get(session);
    const length = rest ? rest.length * 2 : FIRST_REST;
    this.#rests.set(session, { left: length, length });
  }

  /** An upload that was not waited for has ended. */
  passed(session: object): void {
    const rest = this.#rests.get(session);
    if (rest && rest.left > 0) rest.left--;
  }
}

/** What the sockets of one engine share. */
export interface NativeSockets {
  readonly libc: Libc;
  readonly waits: SocketWaits;
  readonly patience: Patience;
}

/** Whose connection it is. */
export interface NativeConnectionOptions extends Pick<Connection, "localAddr" | "remoteAddr"> {
  /** As in the request for its connector. */
  readonly session: object | undefined;
}

/** Reads and writes at once where it can, and waits only where it cannot. */
export class NativeConnection implements Connection {
  readonly localAddr: SocketAddress;
  readonly remoteAddr: SocketAddress;
  readonly endsAtOnce = true;
  readonly #sockets: NativeSockets;
  readonly #socket: number;
  readonly #session: object | undefined;
  #moments = 0;
  #ended = false;
  #closed = false;
  #beforeWait: (() => void) | undefined;

  /** Closing it closes `socket`, a descriptor. */
  constructor(sockets: NativeSockets, socket: number, options: NativeConnectionOptions) {
    this.#sockets = sockets;
    this.#socket = socket;
    this.#session = options.session;
    this.localAddr = options.localAddr;
    this.remoteAddr = options.remoteAddr;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    return await this.#whenReady("read", () => this.#receive(buffer)) || null;
  }

  readNow(buffer: Uint8Array): number | null | undefined {
    const count = this.#done(this.#receive(buffer)) ?? (this.#comes() ? this.#done(this.#receive(buffer)) : undefined);
    return count === 0 ? null : count;
  }

  /** Content and end leave in one packet where the content is the last. */
  async write(data: Uint8Array, last = false): Promise<number> {
    const count = await this.#whenReady("write", () => this.#send(data, last));
    if (last && count === data.length) this.#end();
    return count;
  }

  writeNow(data: Uint8Array, last = false): number {
    const count = this.#done(this.#send(data, last)) ?? 0;
    if (last && count === data.length) this.#end();
    return count;
  }

  closeWrite(): Promise<void> {
    this.#end();
    return Promise.resolve();
  }

  hasEnded(): boolean {
    const { libc } = this.#sockets;
    for (let left = MOST_DROPPED; left > 0;) {
      const count = Number(libc.recv(this.#open, dropped, BigInt(dropped.length), MSG_DONTWAIT));
      if (count <= 0) return count === 0 || !isTooEarly(libc);
      left -= count;
    }
    return true;
  }

  beforeWait(call: () => void): void {
    this.#beforeWait = call;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { libc, waits } = this.#sockets;
    waits.forget(this.#socket);
    libc.close(this.#socket);
  }

  get #open(): number {
    if (this.#closed) throw new Deno.errors.BadResource("Connection is closed");
    return this.#socket;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#sockets.libc.shutdown(this.#open, SHUT_WR);
  }

  /** Whether something comes within a moment. */
  #comes(): boolean {
    const { libc, patience } = this.#sockets;
    if (!patience.allows(this.#session) || this.#moments++ >= MOST_MOMENTS) return false;
    const came = pollSocket(libc, this.#open, { events: POLLIN, wait: MOMENT }) !== 0;
    patience.waited(this.#session, came);
    return came;
  }

  #receive(buffer: Uint8Array): number | bigint {
    return this.#sockets.libc.recv(this.#open, memory(buffer), BigInt(buffer.length), MSG_DONTWAIT);
  }

  #send(data: Uint8Array, last: boolean): number | bigint {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL | (last ? MSG_MORE : 0);
    return this.#sockets.libc.send(this.#open, memory(data), BigInt(data.length), flags);
  }

  async #whenReady(readiness: Readiness, act: () => number | bigint): Promise<number> {
    for (;;) {
      const count = this.#done(act());
      if (count !== undefined) return count;
      this.#beforeWait?.();
      await this.#sockets.waits.wait(this.#socket, readiness);
    }
  }

  /** The bytes that a call has moved; `undefined` where it would have had to wait. */
  #done(result: number | bigint): number | undefined {
    const count = Number(result);
    if (count >= 0) return count;
    const { libc } = this.#sockets;
    if (isTooEarly(libc)) return undefined;
    throw new Deno.errors.ConnectionReset(lastError(libc, "use a data connection").message);
  }
}

/** Whether the call that has just failed would have had to wait. */
export function isTooEarly(libc: Libc): boolean {
  const code = lastCode(libc);
  return code === "EAGAIN" || code === "EINTR";
}
