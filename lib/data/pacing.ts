/**
 * What keeps all work on one event loop going: turns, so that no session waits long for another, and the timers that
 * notice a transfer in which no byte moves.
 *
 * The runtime polls its sockets only when nothing else is ready. Three kinds of work are always ready, and would keep
 * everything else waiting for tens or hundreds of milliseconds:
 *
 * - Transfers of fast peers. A NOOP of another session waits as long next to one as next to four. So all transfers
 *   together pause after every megabyte until the sockets have been polled. The megabyte is booked before it moves, so
 *   that it is a megabyte for any number of transfers. If every session is busy with a transfer of its own, only
 *   newcomers and aborts wait, and the pauses are few.
 * - Commands of clients that send many at once. One read brings up to 16 KiB of them: 2,700 times FEAT take 160 ms,
 *   from ten clients 590 ms.
 * - Listings of drivers that never wait.
 *
 * A poll costs 15 µs of processor time, during which all of these stand still.
 *
 * Measured alternately on two shared processors with other load, p99 of a NOOP: next to one download 12 ms without
 * pauses and 1.3 ms with them, at the same speed; next to four 1.5 ms with pieces of a quarter of a megabyte, 3 ms with
 * whole ones.
 *
 * @module
 */

import { SocketPoll } from "./socket_poll.ts";

const MIB = 1024 * 1024;

/** Bytes between two pauses while other sessions wait for commands: less than a millisecond of work. */
const PACE_IN_COMPANY = MIB;
/** Bytes between two pauses otherwise: about five milliseconds. */
const PACE_ALONE = 16 * MIB;
/**
 * Most bytes of a piece while several transfers share the processors with sessions that wait for commands. Also if the
 * commands are those of other threads: with two processors and four downloads in a thread of their own, a command
 * waited 0.8 to 1.2 ms next to pieces of this size and 2.8 to 3.4 ms next to pieces of 1 MiB (p99).
 */
const PIECE_IN_COMPANY = MIB / 4;
/** Milliseconds of commands between two polls. */
const SLICE = 2;
/** Commands between two polls: that many of the cheapest take half a millisecond. */
const MOST_COMMANDS = 256;
/** Items of listings between two polls: about two milliseconds if each is a file to be checked. */
const MOST_ITEMS = 256;
/** Milliseconds without a pause and without a transfer after which the two sockets of a poll are closed. */
const KEEP = 1_000;

/** Counts the sessions of an event loop and their work, and pauses the work when a poll of the sockets is due. */
export class Pacer {
  #sessions = 0;
  #runs = 0;
  #bytes = 0;
  #commands = 0;
  #items = 0;
  #polledAt = 0;
  #servesOthers = false;
  #pause: Promise<void> | undefined;
  readonly #poll = new SocketPoll();
  /** The poll has sockets. */
  #open = false;
  #closing: ReturnType<typeof setTimeout> | undefined;

  /** This event loop has only transfers: the sessions that wait for commands are in another thread. */
  serveOthers(): void {
    this.#servesOthers = true;
  }

  /** A session begins. */
  arrive(): void {
    this.#sessions++;
  }

  /** A session ends. With the last one, nothing stays open. */
  depart(): void {
    this.#sessions--;
    // Nobody is left to wait for a poll, which would need sockets for it.
    if (this.#sessions === 0) this.#commands = 0;
    this.#settle();
  }

  /** Whether any session has begun and not ended. */
  get hasSessions(): boolean {
    return this.#sessions > 0;
  }

  /** A transfer begins. */
  enter(): void {
    this.#runs++;
  }

  /** A transfer ends. */
  leave(): void {
    this.#runs--;
    this.#settle();
  }

  /** Most bytes that one transfer should move at once. */
  get largestPiece(): number {
    return this.#runs > 1 && (this.#inCompany || this.#servesOthers) ? PIECE_IN_COMPANY : Infinity;
  }

  /**
   * Asks to move `bytes`. `undefined`: now, and they are counted. A promise, which never rejects: ask again when it
   * resolves.
   */
  move(bytes: number): Promise<void> | undefined {
    if (this.#pause) return this.#pause;
    this.#bytes += bytes;
    if (this.#bytes >= (this.#inCompany ? PACE_IN_COMPANY : PACE_ALONE)) void this.#begin();
    return undefined;
  }

  /**
   * Asks to run a command of those that arrived at `since`, on the clock of `performance.now`. `undefined`: now, and it
   * is counted. A promise, which never rejects: ask again when it resolves.
   */
  run(since: number): Promise<void> | undefined {
    if (this.#pause) return this.#pause;
    if (this.#commands >= MOST_COMMANDS || performance.now() - Math.max(since, this.#polledAt) >= SLICE) {
      return this.#begin();
    }
    this.#commands++;
    return undefined;
  }

  /** Counts work worth a number of items, of which one is a file to be checked. Waits when a poll is due. */
  async did(items: number): Promise<void> {
    this.#items += items;
    if (this.#pause) return await this.#pause;
    if (this.#items >= MOST_ITEMS) await this.#begin();
  }

  /** Whether there are sessions without a transfer, which may send commands. */
  get #inCompany(): boolean {
    return this.#sessions > this.#runs;
  }

  #begin(): Promise<void> {
    clearTimeout(this.#closing);
    this.#closing = undefined;
    this.#open = true;
    this.#bytes = this.#items = 0;
    const pause = this.#poll.wait().then(() => {
      if (this.#pause === pause) this.#pause = undefined;
      this.#commands = 0;
      this.#polledAt = performance.now();
      this.#settle();
    });
    return this.#pause = pause;
  }

  /** Closes the sockets of the poll once they are of no use: a transfer that goes on will use them. */
  #settle(): void {
    if (!this.#open || this.#runs > 0) return;
    if (this.#sessions === 0) return this.#close();
    this.#closing ??= setTimeout(() => {
      this.#closing = undefined;
      if (this.#runs === 0) this.#close();
    }, KEEP);
  }

  #close(): void {
    clearTimeout(this.#closing);
    this.#closing = undefined;
    this.#open = false;
    this.#pause = undefined;
    this.#bytes = 0;
    this.#poll.close();
  }
}

/**
 * The same batches, with a poll of the sockets before the next one if much work was done since the last poll. A
 * producer that never waits, or only for what is ready at once, would otherwise block all other sessions until it has
 * ended.
 */
export async function* paced<T>(
  batches: AsyncIterable<readonly T[]>,
  pacer: Pacer,
): AsyncGenerator<readonly T[], void> {
  for await (const batch of batches) {
    yield batch;
    await pacer.did(batch.length);
  }
}

/** How many checks make up one limit: a stall is noticed after the limit and at most a quarter more. */
const LOOKS = 4;

/** One watched transfer. */
export class StallWatch implements Disposable {
  /**
   * Bytes that have moved, to be increased; initially enough, as the time until the first check is only part of an
   * interval.
   */
  bytes = Infinity;
  /** While `true`, standing still is intended (a rate limit). */
  resting = false;
  readonly #onStall: () => void;
  readonly #leave: (watch: StallWatch) => void;
  readonly #least: number;
  #quietLooks = 0;

  /** For {@link StallTimers.watch}. */
  constructor(least: number, onStall: () => void, leave: (watch: StallWatch) => void) {
    this.#least = least;
    this.#onStall = onStall;
    this.#leave = leave;
  }

  /** One check by the timer. */
  look(): void {
    if (this.bytes < this.#least && !this.resting) {
      if (++this.#quietLooks >= LOOKS) this.#onStall();
      return;
    }
    this.#quietLooks = 0;
    this.bytes = 0;
  }

  [Symbol.dispose](): void {
    this.#leave(this);
  }
}

interface StallTimer {
  readonly timeout: number;
  readonly watches: Set<StallWatch>;
  readonly leave: (watch: StallWatch) => void;
  readonly interval: ReturnType<typeof setInterval>;
}

/**
 * Notices stalled transfers, at the cost of one addition per piece: all with the same limit share one coarse timer.
 */
export class StallTimers {
  readonly #timers = new Map<number, StallTimer>();
  readonly #pacer: Pick<Pacer, "hasSessions">;

  /**
   * @param pacer while it has sessions, a timer goes on after its last watch until it finds none, as others will come.
   * When the last one has left, {@link settle} is to be called.
   */
  constructor(pacer: Pick<Pacer, "hasSessions">) {
    this.#pacer = pacer;
  }

  /** Ends timers without a watch. */
  settle(): void {
    for (const timer of this.#timers.values()) this.#settle(timer);
  }

  /**
   * Calls `onStall` if fewer than `least` {@link StallWatch.bytes} have been added for `timeout` milliseconds. The
   * watch must be disposed of.
   */
  watch({ timeout, least }: { readonly timeout: number; readonly least: number }, onStall: () => void): StallWatch {
    const { watches, leave } = this.#timers.get(timeout) ?? this.#start(timeout);
    const watch = new StallWatch(least, onStall, leave);
    watches.add(watch);
    return watch;
  }

  #start(timeout: number): StallTimer {
    const watches = new Set<StallWatch>();
    const leave = (watch: StallWatch) => {
      if (watches.delete(watch) && !this.#pacer.hasSessions) this.#settle(timer);
    };
    const look = () => {
      for (const watch of watches) watch.look();
      this.#settle(timer);
    };
    const timer: StallTimer = { timeout, watches, leave, interval: setInterval(look, timeout / LOOKS) };
    this.#timers.set(timeout, timer);
    return timer;
  }

  #settle({ timeout, watches, interval }: StallTimer): void {
    if (watches.size > 0) return;
    clearInterval(interval);
    this.#timers.delete(timeout);
  }
}
