/**
 * Work done in steps so that it does not block the event loop.
 *
 * @module
 */

import { SocketPoll } from "./socket_poll.ts";

/** Items between two polls of the sockets: about two milliseconds if each is a file to be checked. */
const BETWEEN_LOOKS = 256;

/** Lets the event loop poll its sockets when enough work was done. To be closed at the end. */
export class Pacer {
  // Opened by the first wait, so that short listings do without.
  readonly #pass = new SocketPoll();
  #done = 0;

  /**
   * Records work worth a number of items, of which one is a file to be checked. Waits for a poll of the sockets when
   * one is due.
   */
  async did(things: number): Promise<void> {
    this.#done += things;
    if (this.#done < BETWEEN_LOOKS) return;
    this.#done = 0;
    await this.#pass.wait();
  }

  close(): void {
    this.#pass.close();
  }
}

/**
 * The same batches, with a poll of the sockets before the next one if much work was done since the last poll. A
 * producer that never waits, or only for what is ready at once, would otherwise block all other sessions until it has
 * ended. Closes `pacer`, which the consumer of the batches may also use.
 */
export async function* paced<T>(
  batches: AsyncIterable<readonly T[]>,
  pacer: Pacer = new Pacer(),
): AsyncGenerator<readonly T[], void> {
  try {
    for await (const batch of batches) {
      yield batch;
      await pacer.did(batch.length);
    }
  } finally {
    pacer.close();
  }
}
