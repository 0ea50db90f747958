/**
 * The queue of one address in front of the login gate.
 *
 * @module
 */

/**
 * As many of the latest arrivals are recent as there were turns within this many milliseconds. With half of it, some of
 * a crowd that arrives at once are lost.
 */
const SPAN = 1_000;
const MOST_RECENT = 10;
const FEWEST_RECENT = 2;
/** This many of the latest that wait for one account take turns. */
const RECENT_OF_ACCOUNT = 2;
/** The longest time between two checks, in milliseconds: another event loop gives back turns without notice. */
const LONGEST_LOOK = 50;

/** A waiting login. */
export interface Waiting {
  /** The same number for all that wait for one account. */
  readonly account: number;
  /** Milliseconds until {@link take} may succeed. */
  readonly wait: number;
  /** Takes its turn, if it is available now. */
  take(): boolean;
}

/** The options of a {@link LoginLine}. */
export interface LoginLineOptions {
  /** Milliseconds. */
  readonly now: () => number;
  /** Whether all who wait are to be rejected. */
  readonly isShut: () => boolean;
  readonly onEmpty: () => void;
}

interface Entry<W> {
  /** Numbers the arrivals. */
  readonly number: number;
  readonly waiting: W;
  readonly leave: (turn: W | undefined) => void;
}

/**
 * The first of the last few arrivals is next. An earlier flood then does not hold up a login that arrives now, and a
 * flood that returns with each answer, over any number of connections, queues after it. So a login waits for a second,
 * or for two turns of its account.
 */
export class LoginLine<W extends Waiting> {
  readonly #options: LoginLineOptions;
  /** In order of arrival. */
  #entries: Entry<W>[] = [];
  #arrivals = 0;
  /** When the latest turns were taken. */
  #turns: number[] = [];
  readonly #since: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LoginLineOptions) {
    this.#options = options;
    this.#since = options.now();
  }

  /** Resolves when `waiting` has taken its turn; to `undefined` if it was rejected, or left because of its signal. */
  wait(waiting: W, signal: AbortSignal): Promise<W | undefined> {
    const { promise, resolve } = Promise.withResolvers<W | undefined>();
    const leave = (turn: W | undefined) => {
      signal.removeEventListener("abort", abort);
      resolve(turn);
    };
    const entry = { number: ++this.#arrivals, waiting, leave };
    const abort = () => {
      this.#leave(entry, undefined);
      this.advance();
    };
    this.#entries.push(entry);
    if (signal.aborted) this.#leave(entry, undefined);
    else signal.addEventListener("abort", abort);
    this.advance();
    return promise;
  }

  /** Admits all that may go now, and checks again when the next one may. */
  advance(): void {
    clearTimeout(this.#timer);
    if (this.#options.isShut()) { for (const { leave } of this.#entries.splice(0)) leave(undefined); }
    for (let next = this.#next(); next?.waiting.take(); next = this.#next()) {
      this.#turns.push(this.#options.now());
      this.#leave(next, next.waiting);
    }
    if (this.#entries.length === 0) return this.#options.onEmpty();
    const wait = Math.min(LONGEST_LOOK, ...this.#entries.map(({ waiting }) => waiting.wait));
    this.#timer = setTimeout(() => this.advance(), Math.max(1, wait));
  }

  /**
   * How many of the latest arrivals are recent. Where checks take long there are few turns, and ten of them are too
   * many to wait for.
   */
  #recent(): number {
    const start = this.#options.now() - SPAN;
    this.#turns = this.#turns.filter((turn) => turn > start);
    if (this.#since > start) return MOST_RECENT;
    return Math.min(MOST_RECENT, Math.max(FEWEST_RECENT, this.#turns.length));
  }

  /** If none is recent, the latest arrival. */
  #next(): Entry<W> | undefined {
    const firstRecent = this.#arrivals - this.#recent();
    const ofAccount = new Map<number, number>();
    let next: Entry<W> | undefined;
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      const entry = this.#entries[index];
      if (!entry || entry.waiting.wait > 0) continue;
      const isRecent = entry.number > firstRecent;
      if (next && !isRecent) break;
      const { account } = entry.waiting;
      const later = ofAccount.get(account) ?? 0;
      if (later < RECENT_OF_ACCOUNT) next = entry;
      ofAccount.set(account, later + 1);
    }
    return next;
  }

  #leave(entry: Entry<W>, turn: W | undefined): void {
    this.#entries = this.#entries.filter((each) => each !== entry);
    entry.leave(turn);
  }
}
