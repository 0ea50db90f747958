/**
 * The line of one address in front of the login gate.
 *
 * @module
 */

/** So many of the last that came are recent: a second's worth of turns. With half of it some of a crowd that comes at once are lost. */
const RECENT = 10;
/** So many of the last that wait for one account take turns. */
const RECENT_OF_ACCOUNT = 2;
/** The longest time between two looks, in milliseconds: another event loop gives back without a word. */
const LONGEST_LOOK = 50;

/** One that waits. */
export interface Waiting {
  /** Those of one account have the same. */
  readonly account: number;
  /** Milliseconds until {@link take} may succeed. */
  readonly wait: number;
  /** Takes its turn, if it may have it now. */
  take(): boolean;
}

/** What a line works with. */
export interface LoginLineOptions {
  /** Whether all are to be sent away. */
  readonly isShut: () => boolean;
  readonly onEmpty: () => void;
}

interface Entry<W> {
  /** Counts those that have come. */
  readonly number: number;
  readonly waiting: W;
  readonly leave: (turn: W | undefined) => void;
}

/**
 * The first of the last few that came is next. A flood that came before is then no obstacle to somebody who comes now, and one that comes
 * again with each answer, over whatever connections, is behind them. So they wait for a second, or for two turns of their account.
 */
export class LoginLine<W extends Waiting> {
  readonly #options: LoginLineOptions;
  /** In the order in which they came. */
  #entries: Entry<W>[] = [];
  #arrivals = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LoginLineOptions) {
    this.#options = options;
  }

  /** Resolves when `waiting` has taken its turn; to `undefined` when it was sent away, or has left by its signal. */
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

  /** Lets in whoever may go now, and looks again when the next one may. */
  advance(): void {
    clearTimeout(this.#timer);
    if (this.#options.isShut()) { for (const { leave } of this.#entries.splice(0)) leave(undefined); }
    for (let next = this.#next(); next?.waiting.take(); next = this.#next()) this.#leave(next, next.waiting);
    if (this.#entries.length === 0) return this.#options.onEmpty();
    const wait = Math.min(LONGEST_LOOK, ...this.#entries.map(({ waiting }) => waiting.wait));
    this.#timer = setTimeout(() => this.advance(), Math.max(1, wait));
  }

  /** Without anybody recent, the last to come. */
  #next(): Entry<W> | undefined {
    const ofAccount = new Map<number, number>();
    let next: Entry<W> | undefined;
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      const entry = this.#entries[index];
      if (!entry || entry.waiting.wait > 0) continue;
      const isRecent = entry.number > this.#arrivals - RECENT;
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
