/**
 * The control connection of one session: what is read from it, the one place that puts replies on it, in order, and how
 * it is closed. Replies to pipelined commands leave in one write.
 *
 * @module
 */

import type { ControlInfo } from "../commands/context.ts";
import type { LineBuffers } from "../data/buffers.ts";
import { unmapped } from "../net/address_key.ts";
import { closeQuietly, type Connection, type SocketAddress } from "../net/connection.ts";
import { formatReply, type Reply } from "../protocol/reply.ts";
import type { SecureConnection } from "../tls/tls.ts";

/** Milliseconds for the last replies to leave: a peer that does not read must not keep the socket. */
const FAREWELL = 1_000;
/** Characters of replies that wait for a client to read; then no more commands run until it has. */
const MOST_UNREAD = 8 * 1024;

const encoder = new TextEncoder();

/** The session of a {@link ControlConnection}. */
export interface ControlOwner {
  /** See {@link ReplyWriter}. */
  readonly lender: LineBuffers;
  /** What is to be used in place of `connection`: the hooks of the embedder may wrap it. */
  wrap(connection: Connection): Connection;
  /** Called with each reply that is to be sent. */
  replied(reply: Reply): void;
}

/** The options of a {@link ControlConnection}. */
export interface ControlOptions {
  readonly owner: ControlOwner;
  /** See {@link ControlInfo.proxied}. */
  readonly proxied: boolean;
}

/** What the log says where there is no version of TLS. */
const CLEAR = "clear";

/** Reads, writes and closes; knows no commands. */
export class ControlConnection implements ControlInfo {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly proxied: boolean;
  #protection: string;
  #connection: Connection;
  readonly #owner: ControlOwner;
  /** While there is something to write: an idle session has none. */
  #writer: ReplyWriter | undefined;
  #isReading = false;
  /** A read that began before its turn: see {@link watch}. */
  #ahead: Promise<number | null> | undefined;
  #farewell: ReturnType<typeof setTimeout> | undefined;

  constructor(connection: Connection, { owner, proxied }: ControlOptions) {
    this.local = plainEnd(connection.localAddr);
    this.remote = plainEnd(connection.remoteAddr);
    this.proxied = proxied;
    this.#protection = connection.tls?.version ?? CLEAR;
    this.#owner = owner;
    this.#connection = owner.wrap(connection);
  }

  get secure(): boolean {
    return this.#protection !== CLEAR;
  }

  get protection(): string {
    return this.#protection;
  }

  /** A read is pending. */
  get isReading(): boolean {
    return this.#isReading;
  }

  /** See {@link ReplyWriter.writingSince}. */
  get writingSince(): number | undefined {
    return this.#writer?.writingSince;
  }

  /** The client does not read its replies. */
  get isClogged(): boolean {
    return this.#writer !== undefined && this.#writer.pending >= MOST_UNREAD;
  }

  /** A read began before its turn. */
  get isAhead(): boolean {
    return this.#ahead !== undefined;
  }

  /**
   * Begins a read into `buffer`, to be ended with {@link endRead}. It is in two parts, and not one function that waits,
   * which would cost every idle session half a KiB.
   */
  beginRead(buffer: Uint8Array): Promise<number | null> {
    this.#isReading = true;
    return this.#ahead ?? this.#connection.read(buffer);
  }

  /** Gives up what it has only while there is something to write. */
  idle(): void {
    if (this.#writer?.isDone) this.#writer = undefined;
  }

  /** The read has resolved. */
  endRead(): void {
    this.#isReading = false;
    this.#ahead = undefined;
  }

  /** Begins the next read before its turn, and calls `onGone` when the client ends the connection. */
  watch(makeBuffer: () => Uint8Array, onGone: () => void): void {
    if (this.#isReading) return;
    this.#ahead ??= this.#connection.read(makeBuffer());
    this.#ahead.then((count) => count === null && onGone(), onGone);
  }

  /** Takes a reply; it leaves with the next {@link flush}. */
  add(reply: Reply): void {
    this.#replies.add(reply);
    this.#owner.replied(reply);
  }

  /** Takes refusals of Telnet options: see {@link ReplyWriter.refuse}. */
  refuseOptions(options: Uint8Array): void {
    this.#replies.refuse(options);
  }

  get #replies(): ReplyWriter {
    return this.#writer ??= new ReplyWriter(this.#connection, this.#owner.lender);
  }

  /** See {@link ReplyWriter.flush}. */
  flush(): Promise<void> | undefined {
    return this.#writer?.flush();
  }

  /** Continues over the protected connection that `handshake` makes of this one (AUTH). Rejects as `handshake` does. */
  async protect(handshake: (connection: Connection) => Promise<SecureConnection>): Promise<void> {
    const secured = await handshake(this.#connection);
    this.#protection = secured.tls.version;
    this.#connection = this.#owner.wrap(secured);
    this.#writer?.moveTo(this.#connection);
  }

  /** Sends what is left and closes, whether or not the peer reads it. Ends a read that is pending. */
  hangUp(): void {
    this.closeSoon();
    Promise.resolve(this.flush())
      .then(() => this.#connection.closeWrite())
      .catch(() => {})
      .finally(() => this.drop());
  }

  /** Closes once the last replies have had their time to leave. */
  closeSoon(): void {
    this.#farewell ??= setTimeout(() => this.drop(), FAREWELL);
  }

  /**
   * Ends what is sent, after the last reply, and a read that is pending. Where there is neither TLS nor such a read it
   * is left to {@link close}, which follows at once and sends the same FIN. Closing it twice would cost an exception.
   */
  async endWriting(): Promise<void> {
    if (!this.#isReading && !this.#connection.tls) return;
    this.closeSoon();
    await this.#connection.closeWrite().catch(() => {});
    if (this.#isReading) this.drop();
  }

  /** Closes at once. */
  drop(): void {
    closeQuietly(this.#connection);
  }

  /** Closes for good: nothing is left behind. */
  close(): void {
    clearTimeout(this.#farewell);
    this.drop();
  }
}

/** A listener on `::` reports IPv4 clients as IPv6 addresses: events and rules see the IPv4 address. */
function plainEnd(end: SocketAddress): SocketAddress {
  const hostname = unmapped(end.hostname);
  // The same object again: a copy of both ends takes a fiftieth of the memory of an idle session.
  return hostname === end.hostname ? end : { hostname, port: end.port };
}

/** Collects replies and writes them. Knows no commands. */
export class ReplyWriter {
  #connection: Connection;
  readonly #lender: LineBuffers;
  #pending = "";
  #refusals: Uint8Array | undefined;
  #writing: Promise<void> | undefined;
  #writingSince: number | undefined;

  /** @param lender of the memory that short replies are written from: new memory takes ten times as long. */
  constructor(connection: Connection, lender: LineBuffers) {
    this.#connection = connection;
    this.#lender = lender;
  }

  /**
   * When the write began that the peer has not accepted yet, on the clock of `performance.now`; `undefined` if there is
   * no such write.
   */
  get writingSince(): number | undefined {
    return this.#writingSince;
  }

  /** Characters that wait for the next {@link flush}, or for the end of the one that is under way. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Goes on with another connection over the same socket (AUTH TLS). Nothing may be pending. */
  moveTo(connection: Connection): void {
    this.#connection = connection;
  }

  /** Everything has been sent. */
  get isDone(): boolean {
    return this.#writing === undefined && this.#pending === "" && this.#refusals === undefined;
  }

  /** Takes a reply; it leaves with the next {@link flush}. */
  add(reply: Reply): void {
    this.#pending += formatReply(reply);
  }

  /**
   * Takes refusals of Telnet options; they leave before the replies that wait. Not to be called again before the next
   * {@link flush}.
   */
  refuse(options: Uint8Array): void {
    this.#refusals = options;
  }

  /**
   * Resolves when everything added so far has been sent; `undefined` if there is nothing to wait for. Rejects when the
   * peer is gone.
   */
  flush(): Promise<void> | undefined {
    if (this.#writing === undefined && (this.#pending !== "" || this.#refusals)) {
      this.#writing = this.#write();
    }
    return this.#writing;
  }

  async #write(): Promise<void> {
    try {
      while (this.#pending !== "" || this.#refusals) {
        const lent = this.#lender.take();
        const bytes = this.#takeAll(lent);
        this.#writingSince = performance.now();
        let sent = await this.#connection.write(bytes);
        while (sent < bytes.length) sent += await this.#connection.write(bytes.subarray(sent));
        // A write that fails may still use it.
        this.#lender.give(lent);
      }
    } finally {
      // At once: a reply that is added from now on needs a write of its own.
      this.#writing = this.#writingSince = undefined;
    }
  }

  /** What waits, in `memory` if it has room for it. */
  #takeAll(memory: Uint8Array): Uint8Array {
    const replies = this.#pending;
    const refusals = this.#refusals;
    this.#refusals = undefined;
    this.#pending = "";
    if (refusals) return Uint8Array.of(...refusals, ...encoder.encode(replies));
    const { read, written } = encoder.encodeInto(replies, memory);
    return read === replies.length ? memory.subarray(0, written) : encoder.encode(replies);
  }
}
