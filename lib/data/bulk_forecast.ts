/**
 * What the next transfer of a session will be. Who connects is chosen before anybody knows what is transferred: a large download is better
 * off in another thread, anything small where it is.
 *
 * @module
 */

/** A transfer, as far as it matters here. `bulk`: a large download that another thread may move alone. */
export type TransferKind = "bulk" | "listing" | "other";

/** Two in a row change a forecast, one exception does not: a counter of two bits, as processors have them for branches. */
const MOST = 3;

/**
 * Sessions mostly go on as they began. What they begin with, and what follows a listing, is judged by the sessions before: at first nothing
 * large is expected.
 */
export class BulkForecast {
  /** By the last transfer: where a session's own say is not enough. */
  readonly #levels = new Map<TransferKind | undefined, number>([[undefined, 0], ["listing", 0]]);

  /** Whether a large download is to be expected after `last`, the last transfer of a session; without it, of its first. */
  expectsBulk(last: TransferKind | undefined): boolean {
    const level = this.#levels.get(last);
    return level === undefined ? last === "bulk" : level > MOST / 2;
  }

  /** A session has begun a transfer of this kind after `last`. */
  learn(last: TransferKind | undefined, kind: TransferKind): void {
    const level = this.#levels.get(last);
    if (level === undefined) return;
    this.#levels.set(last, Math.min(MOST, Math.max(0, level + (kind === "bulk" ? 1 : -1))));
  }
}
