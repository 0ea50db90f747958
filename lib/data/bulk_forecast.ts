/**
 * What the first transfer of a session will be, judged by those of the sessions before. Who connects is chosen before anybody knows what is
 * transferred: a large download is better off in another thread, anything small where it is.
 *
 * @module
 */

/** Two in a row change the forecast, one exception does not: a counter of two bits, as processors have them for branches. */
const MOST = 3;

/** See the module. At first nothing large is expected. */
export class BulkForecast {
  #level = 0;

  /** Whether a large download is to be expected. */
  get expectsBulk(): boolean {
    return this.#level > MOST / 2;
  }

  /** A session has begun its first transfer. */
  learn(isBulk: boolean): void {
    this.#level = Math.min(MOST, Math.max(0, this.#level + (isBulk ? 1 : -1)));
  }
}
