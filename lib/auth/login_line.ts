/**
 * The queue of one address in front of the login gate.
 *
 * @module
 */

/**
 * As many of the latest arrivals in a lane are recent as it had turns within this many milliseconds. With half of it,
 * some of a crowd that arrives at once are lost.
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
  /** Whether its session has failed to log in before. */
  readonly isRetry: boolean;
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
  /** Numbers the arrivals of its lane. */
  readonly number: number;
  readonly waiting: W;
  readonly leave: (turn: W | undefined) => void;
}

/**
 * The first of the last few arrivals is next. An earlier flood then does not hold up a login that arrives now, and a
 * flood that returns with each answer, over any number of connections, queues after it. Sessions that have failed
 * before take turns with those that have not, so that a crowd that guesses again and again does not push out a login
 * that is the first of its session. So a login waits for two seconds, or for two turns of its account.
 */
export class LoginLine<W extends Waiting> {
  readonly #options: LoginLineOptions;
  /** The lane whose turn it is comes first. */
  #lanes: readonly [Lane<W>, Lane<W>];
  readonly #retries: Lane<W>;
  readonly #others: Lane<W>;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LoginLineOptions) {
    this.#options = options;
    this.#retries = new Lane<W>(options.now);
    this.#others = new Lane<W>(options.now);
    this.#lanes = [this.#others, this.#retries];
  }

  /** Resolves when `waiting` has taken its turn; to `undefined` if it was rejected, or left because of its signal. */
  wait(waiting: W, signal: AbortSignal): Promise<W | undefined> {
    const { promise, resolve } = Promise.withResolvers<W | undefined>();
    const lane = waiting.isRetry ? this.#retries : this.#others;
    const leave = (turn: W | undefined) => {
      signal.removeEventListener("abort", abort);
      resolve(turn);
    };
    const entry = lane.add(waiting, leave);
    const abort = () => {
      lane.remove(entry);
      entry.leave(undefined);
      this.advance();
    };
    if (signal.aborted) abort();
    else {
      signal.addEventListener("abort", abort);
      this.advance();
    }
    return promise;
  }

  /** Admits all that may go now, and checks again when the next one may. */
  advance(): void {
    clearTimeout(this.#timer);
    if (this.#options.isShut()) { for (const lane of this.#lanes) lane.dismiss(); }
    while (this.#admitOne());
    const waits = this.#lanes.flatMap((lane) => lane.waits);
    if (waits.length === 0) return this.#options.onEmpty();
    this.#timer = setTimeout(() => this.advance(), Math.max(1, Math.min(LONGEST_LOOK, ...waits)));
  }

  /** Whether somebody could go. The other lane is first then. */
  #admitOne(): boolean {
    for (const lane of this.#lanes) {
      const next = lane.next();
      if (!next) continue;
      if (!next.waiting.take()) return false;
      lane.took(next);
      this.#lanes = lane === this.#retries ? [this.#others, this.#retries] : [this.#retries, this.#others];
      next.leave(next.waiting);
      return true;
    }
    return false;
  }
}

/** Those of one kind that wait, in order of arrival. */
class Lane<W extends Waiting> {
  readonly #now: () => number;
  readonly #since: number;
  #entries: Entry<W>[] = [];
  #arrivals = 0;
  /** When the latest turns were taken. */
  #turns: number[] = [];

  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  /** Milliseconds until each of them may go. */
  get waits(): number[] {
    return this.#entries.map(({ waiting }) => waiting.wait);
  }

  add(waiting: W, leave: Entry<W>["leave"]): Entry<W> {
    const entry = { number: ++this.#arrivals, waiting, leave };
    this.#entries.push(entry);
    return entry;
  }

  remove(entry: Entry<W>): void {
    this.#entries = this.#entries.filter((each) => each !== entry);
  }

  /** `entry` has its turn. */
  took(entry: Entry<W>): void {
    this.#turns.push(this.#now());
    this.remove(entry);
  }

  /** Rejects all. */
  dismiss(): void {
    for (const { leave } of this.#entries.splice(0)) leave(undefined);
  }

  /** The first of the recent arrivals that may go; if none is recent, the latest arrival. */
  next(): Entry<W> | undefined {
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

  /**
   * How many of the latest arrivals are recent. Where checks take long, or another event loop has most of the turns,
   * there are few, and ten of them are too many to wait for.
   */
  #recent(): number {
    const start = this.#now() - SPAN;
    this.#turns = this.#turns.filter((turn) => turn > start);
    if (this.#since > start) return MOST_RECENT;
    return Math.min(MOST_RECENT, Math.max(FEWEST_RECENT, this.#turns.length));
  }
}
