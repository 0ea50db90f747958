/**
 * The buffers that the control connection is read into, and how much is read at once.
 *
 * Urgent data (the Synch with which clients send ABOR, RFC 959 section 4.1) has a mark in the stream, and the system
 * ends a read there, with and without SO_OOBINLINE. To the runtime a read that does not fill its buffer means that the
 * socket is empty, and it waits for something new to arrive although ABOR is there already. Only after a full read does
 * it look again. So while a transfer runs the pending read is of one byte, which anything that arrives fills; if that
 * byte belongs to a Synch, the mark is next, and the next byte is read alone as well. The rest of a line follows in one
 * read.
 *
 * Without a transfer the reader of lines meets the Synch and assumes the ABOR: see `LineReader.push`. Reading one byte
 * before every command would double the work for a NOOP.
 *
 * @module
 */

/** Enough for most command lines; idle sessions hold no more than this. */
const SMALL = 128;
/** For clients that fill the small one: they send many commands at once. */
const LARGE = 4 * 1024;
/** Telnet commands, and `IAC` before them, are from here up (RFC 854). No command line begins with these. */
const FIRST_TELNET = 0xf0;

/** Buffers of one session. */
export class ReadBuffers {
  #marked: boolean;
  #current = new Uint8Array(SMALL);

  /** @param marked whether there may be urgent data. */
  constructor(marked: boolean) {
    this.#marked = marked;
  }

  /** For the next read. */
  get current(): Uint8Array {
    return this.#current;
  }

  /** Another one for the next read, while the content of {@link current} may still be needed. */
  renew(): Uint8Array {
    return this.#current = new Uint8Array(SMALL);
  }

  /** Whether a read of `count` bytes may have ended at a mark. */
  endedAtMark(count: number): boolean {
    return this.#marked && count < this.#current.length;
  }

  /** There is no urgent data from now on: TLS has begun. */
  unmark(): void {
    this.#marked = false;
  }

  /**
   * Chooses the buffer for the next read, after `count` bytes were read into {@link current}, none of which is needed
   * any more.
   */
  next(count: number, { transferring }: { readonly transferring: boolean }): void {
    const { length } = this.#current;
    if (count < length) {
      if (transferring && this.#marked) this.#current = new Uint8Array(1);
      else if (length === LARGE && count < SMALL) this.#current = new Uint8Array(SMALL);
    } else if (length === 1) {
      const isTelnet = (this.#current[0] ?? 0) >= FIRST_TELNET;
      if (!isTelnet) this.#current = new Uint8Array(SMALL);
    } else if (length === SMALL) this.#current = new Uint8Array(LARGE);
  }
}
