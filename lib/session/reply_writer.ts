/**
 * The one place that puts replies on the control connection, in order. Replies to pipelined commands leave in one
 * write.
 *
 * @module
 */

import { type Connection, writeAll } from "../net/connection.ts";
import { formatReply, type Reply } from "../protocol/reply.ts";

const encoder = new TextEncoder();

/** Collects replies and writes them. Knows no commands. */
export class ReplyWriter {
  #connection: Connection;
  #pending = "";
  #refusals: Uint8Array | undefined;
  #writing: Promise<void> | undefined;
  #writingSince: number | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Goes on with another connection over the same socket (AUTH TLS). Nothing may be pending. */
  moveTo(connection: Connection): void {
    this.#connection = connection;
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
        const bytes = this.#takeAll();
        this.#writingSince = performance.now();
        await writeAll(this.#connection, bytes);
      }
    } finally {
      // At once: a reply that is added from now on needs a write of its own.
      this.#writing = this.#writingSince = undefined;
    }
  }

  #takeAll(): Uint8Array {
    const refusals = this.#refusals;
    const replies = encoder.encode(this.#pending);
    this.#refusals = undefined;
    this.#pending = "";
    return refusals ? Uint8Array.of(...refusals, ...replies) : replies;
  }
}
