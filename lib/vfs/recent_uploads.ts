/**
 * Which files have just been uploaded, and by whom: for accounts that may add files and change none, whose clients set the time of each file
 * right after its upload.
 *
 * @module
 */

/** Milliseconds that an upload is recent at least; it is so for twice as long at most. */
const RECENT = 60_000;
/** Most that are remembered. The oldest are forgotten first. */
const MOST = 1024;

/** Counts by key; may be shared between event loops. */
export interface Marks {
  of(key: string): number;
  /** Counts one more; `undefined` where there is no room. */
  add(key: string): unknown;
  /** Counts one less. */
  remove(key: string): void;
}

/** What {@link RecentUploads} work with. */
export interface RecentUploadsOptions {
  readonly marks: Marks;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** See the module. Time goes by in steps, which are a part of each key: so nothing has to be told when it is over, and other loops agree. */
export class RecentUploads {
  readonly #marks: Marks;
  readonly #now: () => number;
  /** What this loop has marked, the oldest first. */
  readonly #own: { readonly key: string; readonly step: number }[] = [];

  constructor({ marks, now }: RecentUploadsOptions) {
    this.#marks = marks;
    this.#now = now;
  }

  /** `upload` is over just now. */
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

  /** Whether it was remembered a short while ago, here or by another loop. */
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
