/**
 * Connections whose stream has been ended, and which close once the peer has got all of it.
 *
 * A socket that is closed while something lies unread in it resets the connection, and what the peer has not got yet is dropped. So a
 * download closed right after its last byte could lose its tail, although its final reply was 226: it takes no more than a client that
 * sends its close_notify right after the handshake, which ends its own direction alone (RFC 8446 section 6.1). What still comes from the
 * peer is therefore read and dropped until its FIN, for a while, in the background.
 *
 * @module
 */

import { closeQuietly, type Connection } from "./connection.ts";

/**
 * Milliseconds that a peer gets at least to end its direction, and half of what it gets at most. What has been sent is delivered by the
 * system after that, too.
 */
const PATIENCE = 1_000;
/** Bytes that are dropped of one peer: a client of a download has nothing to say but a few records of TLS. */
const MOST_BYTES = 64 * 1024;
/** Most of one owner: whoever opens many and ends none loses the oldest of its own first. */
const MOST_OF_OWNER = 8;
/** Most of all owners together, as each is an open file. */
const MOST = 256;

/** What has been read is looked at by nobody, so that all may read to the same place. */
const dropped = new Uint8Array(4096);

/** How {@link LingeringConnections} wait. */
export interface LingeringOptions {
  /** Milliseconds that a peer gets at least to end its direction; it gets twice as much at most. Default 1,000. */
  readonly patience?: number;
}

interface Lingering {
  readonly connection: Connection;
  readonly owner: string;
  /** It was there when the clock struck last. */
  isOld: boolean;
}

/** See the module. One clock serves all: a timer for each would cost more than all the rest. */
export class LingeringConnections {
  readonly #patience: number;
  /** The oldest first. */
  readonly #open = new Set<Lingering>();
  /** Those that are not over, among them such as have been closed from here a moment ago. */
  #pending = 0;
  #clock: ReturnType<typeof setInterval> | undefined;
  #over: PromiseWithResolvers<void> | undefined;

  constructor({ patience = PATIENCE }: LingeringOptions = {}) {
    this.#patience = patience;
  }

  /** How many are open. */
  get count(): number {
    return this.#open.size;
  }

  /**
   * Closes `connection` once the peer has ended it, too. Nothing is being read from it or written to it.
   *
   * @param owner who is held to a number of them, such as a session.
   * @param ended resolves when the stream has been ended from here; without it, that is over.
   */
  add(connection: Connection, owner: string, ended?: Promise<void>): void {
    this.#makeRoom(owner);
    const lingering = { connection, owner, isOld: false };
    this.#open.add(lingering);
    this.#clock ??= setInterval(() => this.#strike(), this.#patience);
    void this.#linger(lingering, ended);
  }

  /** Closes all of them now. */
  closeAll(): void {
    for (const lingering of this.#open) this.#close(lingering);
  }

  /** Resolves when there is none any more. */
  async over(): Promise<void> {
    if (this.#pending > 0) await (this.#over ??= Promise.withResolvers()).promise;
    clearInterval(this.#clock);
    this.#clock = undefined;
  }

  #makeRoom(owner: string): void {
    if (this.#open.size < MOST_OF_OWNER) return;
    const own = [...this.#open].filter((each) => each.owner === owner);
    const [oldest] = own.length >= MOST_OF_OWNER ? own : this.#open.size >= MOST ? this.#open : [];
    if (oldest) this.#close(oldest);
  }

  #strike(): void {
    if (this.#open.size === 0) {
      clearInterval(this.#clock);
      this.#clock = undefined;
    }
    for (const lingering of this.#open) {
      if (lingering.isOld) this.#close(lingering);
      lingering.isOld = true;
    }
  }

  #close(lingering: Lingering): void {
    if (this.#open.delete(lingering)) closeQuietly(lingering.connection);
  }

  async #linger(lingering: Lingering, ended: Promise<void> | undefined): Promise<void> {
    this.#pending++;
    try {
      if (ended) await ended;
      await untilPeerEnds(lingering.connection);
    } catch {
      // Reset by the peer, or closed from here: it is over either way.
    }
    this.#close(lingering);
    if (--this.#pending > 0) return;
    this.#over?.resolve();
    this.#over = undefined;
  }
}

async function untilPeerEnds(connection: Connection): Promise<void> {
  for (let left = MOST_BYTES; left > 0;) {
    const count = await connection.read(dropped);
    if (count === null) return await connection.peerGone;
    left -= count;
  }
}
