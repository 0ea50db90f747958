/**
 * Timers for limits that are hardly ever reached. A timer of the runtime for each data connection, begun and ended
 * again, takes a twentieth of the processor time of a small file.
 *
 * @module
 */

/** A limit that has begun. */
export interface SharedTimer {
  /** Nothing is called any more. */
  end(): void;
}

/** Tells whether more limits are to be expected. */
export interface Company {
  /** Whether there are sessions. */
  readonly hasSessions: boolean;
}

/** Nobody. */
const NO_COMPANY: Company = { hasSessions: false };

/** Limits of the same length share one timer of the runtime: those that begin first are over first. */
export class SharedTimers {
  readonly #lengths = new Map<number, Length>();
  readonly #company: Company;

  /**
   * @param company while it has sessions, the timers of the runtime go on for a while when nothing needs them, as
   * others will. When the last one has left, {@link settle} is to be called. Default: no sessions.
   */
  constructor(company: Company = NO_COMPANY) {
    this.#company = company;
  }

  /** Calls `onOver` after a number of milliseconds, unless it is ended before. */
  start(milliseconds: number, onOver: () => void): SharedTimer {
    let length = this.#lengths.get(milliseconds);
    if (!length) this.#lengths.set(milliseconds, length = new Length(milliseconds, this.#company));
    return length.add(onOver);
  }

  /** Ends what nothing needs, unless there are sessions. */
  settle(): void {
    for (const length of this.#lengths.values()) length.settle();
  }
}

/** What has begun with one length, the oldest first. */
class Length {
  readonly #milliseconds: number;
  readonly #company: Company;
  readonly #begun = new Set<Begun>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(milliseconds: number, company: Company) {
    this.#milliseconds = milliseconds;
    this.#company = company;
  }

  add(onOver: () => void): SharedTimer {
    const begun = new Begun(performance.now() + this.#milliseconds, onOver, this);
    this.#begun.add(begun);
    this.#timer ??= setTimeout(() => this.#look(), this.#milliseconds);
    return begun;
  }

  remove(begun: Begun): void {
    this.#begun.delete(begun);
    this.settle();
  }

  /** Ends the timer of the runtime if there is nothing to wait for. */
  settle(): void {
    if (this.#begun.size > 0 || this.#company.hasSessions) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const begun of this.#begun) {
      if (begun.over > now) {
        this.#timer ??= setTimeout(() => this.#look(), Math.ceil(begun.over - now));
        return;
      }
      this.#begun.delete(begun);
      begun.onOver();
    }
  }
}

class Begun implements SharedTimer {
  /** On the clock of `performance.now`. */
  readonly over: number;
  readonly onOver: () => void;
  readonly #length: Length;

  constructor(over: number, onOver: () => void, length: Length) {
    this.over = over;
    this.onOver = onOver;
    this.#length = length;
  }

  end(): void {
    this.#length.remove(this);
  }
}
