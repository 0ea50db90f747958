/**
 * What the next transfer of a session will be. The thread of a connection is chosen before the transfer command says
 * what is transferred: a large download is better off in another thread, anything small in the session's own.
 *
 * @module
 */

/** A transfer, as far as it matters here. `bulk`: a large download that another thread can do alone. */
export type TransferKind = "bulk" | "listing" | "other";

/**
 * After this many large downloads in a row another one is expected. A large download that was not foreseen costs
 * little, while anything else in another thread waits for messages, and an upload is a third slower.
 */
const ENOUGH = 2;

/**
 * Sessions mostly go on as they began. Their first transfer, and the one after a listing, is judged by the sessions
 * before: at first nothing large is expected.
 */
export class BulkForecast {
  /** Large downloads in a row, by the transfer before, where the session's own transfers say too little. */
  readonly #rows = new Map<TransferKind | undefined, number>([[undefined, 0], ["listing", 0]]);

  /** Whether a large download is to be expected after `last`; `undefined`: as the first transfer of a session. */
  expectsBulk(last: TransferKind | undefined): boolean {
    const row = this.#rows.get(last);
    return row === undefined ? last === "bulk" : row >= ENOUGH;
  }

  /** A session has begun a transfer of this kind after `last`. */
  learn(last: TransferKind | undefined, kind: TransferKind): void {
    const row = this.#rows.get(last);
    if (row !== undefined) this.#rows.set(last, kind === "bulk" ? row + 1 : 0);
  }
}
