/**
 * Which files were uploaded recently, and by whom: for accounts that may add files but not change them, whose clients
 * set the time of each file right after its upload.
 *
 * @module
 */

/** Milliseconds for which an upload is recent at least; at most twice as long. */
const RECENT = 60_000;
/** The most uploads remembered. The oldest are forgotten first. */
const MOST = 1024;

/** Counts by key; may be shared between event loops. */
export interface Marks {
  of(key: string): number;
  /** Increments the count; `undefined` if there is no room. */
  add(key: string): unknown;
  /** Decrements the count. */
  remove(key: string): void;
}

/** The options of {@link RecentUploads}. */
export interface RecentUploadsOptions {
  readonly marks: Marks;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Recent uploads by user and file. Time passes in steps, which are part of each key: so nothing has to be sent when an
 * entry expires, and other event loops agree.
 */
export class RecentUploads {
  readonly #marks: Marks;
  readonly #now: () => number;
  /** What this event loop has marked, the oldest first. */
  readonly #own: { readonly key: string; readonly step: number }[] = [];

  constructor({ marks, now }: RecentUploadsOptions) {
    this.#marks = marks;
    this.#now = now;
  }

  /** `upload` has just ended. */
  remember(upload: string): void {
    const step = this.#step;
    for (
      let [oldest] = this.#own;
      oldest && (oldest.step < step - 1 || this.#own.length >= MOST);
      [oldest] = this.#own
    ) {
      this.#marks.remove(oldest.key);
      this.#own.shift();
    }
    const key = keyOf(upload, step);
    if (this.#marks.add(key) !== undefined) this.#own.push({ key, step });
  }

  /** Whether the upload was remembered recently, here or by another event loop. */
  has(upload: string): boolean {
    const step = this.#step;
    return this.#marks.of(keyOf(upload, step)) > 0 || this.#marks.of(keyOf(upload, step - 1)) > 0;
  }

  get #step(): number {
    return Math.floor(this.#now() / RECENT);
  }
}

function keyOf(upload: string, step: number): string {
  return `uploaded ${step} ${upload}`;
}
