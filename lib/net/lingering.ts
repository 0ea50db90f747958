/**
 * Connections whose outgoing stream has ended, and which close once the peer has received all of it.
 *
 * Closing a socket with unread input resets the connection, and whatever the peer has not received is dropped. So a
 * download closed right after its last byte could lose its tail, although its final reply was 226: a client that sends
 * its close_notify right after the handshake, which only ends its own direction (RFC 8446 section 6.1), is enough.
 * Further input is therefore read and dropped until the peer's FIN, for a while, in the background.
 *
 * @module
 */

import { closeQuietly, type Connection } from "./connection.ts";

/**
 * The minimum time in milliseconds for a peer to end its direction; the maximum is twice as long. After that the system
 * still delivers what has been sent.
 */
const PATIENCE = 1_000;
/** Bytes that are dropped per peer: a client has nothing to send during a download but a few TLS records. */
const MOST_BYTES = 64 * 1024;
/** The most per owner: one that opens many and ends none loses its own oldest first. */
const MOST_OF_OWNER = 8;
/** The most of all owners together, as each is an open file. */
const MOST = 256;

/** Connections that are asked whether they have ended before another is added. */
const MOST_LOOKS = 4;

/** The content is never used, so that all may read to the same place. */
const dropped = new Uint8Array(4096);

/** The options of {@link LingeringConnections}. */
export interface LingeringOptions {
  /**
   * The minimum time in milliseconds for a peer to end its direction; the maximum is twice as long.
   *
   * @default 1_000
   */
  readonly patience?: number;
}

interface Lingering {
  readonly connection: Connection;
  readonly owner: string;
  /** It was there at the previous tick of the clock. */
  isOld: boolean;
}

/**
 * Connections whose outgoing stream has ended, closed once the peer has ended its own. One clock serves all: a timer
 * for each would cost more than all the rest.
 */
export class LingeringConnections {
  readonly #patience: number;
  /** The oldest first. */
  readonly #open = new Set<Lingering>();
  /** Those that have not ended, including some closed from here a moment ago. */
  #pending = 0;
  #clock: ReturnType<typeof setInterval> | undefined;
  #over: PromiseWithResolvers<void> | undefined;

  constructor({ patience = PATIENCE }: LingeringOptions = {}) {
    this.#patience = patience;
  }

  /** The number of open connections. */
  get count(): number {
    return this.#open.size;
  }

  /**
   * Closes `connection` once the peer has ended it, too. Nothing else may be reading from it or writing to it.
   *
   * @param owner the owner whose number of connections is limited, such as a session.
   * @param ended resolves when our direction has ended; absent: it already has.
   */
  add(connection: Connection, owner: string, ended?: Promise<void>): void {
    this.#sweep();
    this.#makeRoom(owner);
    const lingering = { connection, owner, isOld: false };
    this.#open.add(lingering);
    this.#clock ??= setInterval(() => this.#strike(), this.#patience);
    if (connection.hasEnded) this.#pending++;
    else void this.#linger(lingering, ended);
  }

  /** Closes all of them now. */
  closeAll(): void {
    for (const lingering of this.#open) this.#close(lingering);
  }

  /** Resolves when there are none left. */
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

  /** Closes the oldest of those that can be asked, if they have ended: one that downloads much leaves none behind. */
  #sweep(): void {
    let looks = 0;
    for (const lingering of this.#open) {
      if (!lingering.connection.hasEnded) continue;
      if (lingering.connection.hasEnded()) this.#close(lingering);
      if (++looks === MOST_LOOKS) return;
    }
  }

  #strike(): void {
    if (this.#open.size === 0) {
      clearInterval(this.#clock);
      this.#clock = undefined;
    }
    for (const lingering of this.#open) {
      if (lingering.isOld || lingering.connection.hasEnded?.()) this.#close(lingering);
      lingering.isOld = true;
    }
  }

  #close(lingering: Lingering): void {
    if (!this.#open.delete(lingering)) return;
    closeQuietly(lingering.connection);
    if (lingering.connection.hasEnded) this.#settle();
  }

  async #linger(lingering: Lingering, ended: Promise<void> | undefined): Promise<void> {
    this.#pending++;
    try {
      if (ended) await ended;
      await untilPeerEnds(lingering.connection);
    } catch {
      // Reset by the peer, or closed from here: it has ended either way.
    }
    this.#close(lingering);
    this.#settle();
  }

  #settle(): void {
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
