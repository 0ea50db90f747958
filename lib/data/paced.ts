/**
 * Work that is done bit by bit, without keeping the event loop from everybody else.
 *
 * @module
 */

import { SocketPoll } from "./socket_poll.ts";

/** Things between two looks at the sockets: some two milliseconds where each is a file to be looked at. */
const BETWEEN_LOOKS = 256;

/** Has the event loop look at its sockets when enough was done. To be closed at the end. */
export class Pacer {
  // It is opened by the first wait, so short listings do without.
  readonly #pass = new SocketPoll();
  #done = 0;

  /**
   * Notes that work worth `things`, of which one is a file to be looked at, was done. Waits for the look where it is
   * due.
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
 * The same batches, none made before the event loop has looked at its sockets where much was made since the last look.
 * A producer that never waits, or only for what is ready at once, would otherwise not let anybody be heard until it has
 * ended. Closes `pacer`, which whoever works on the batches may use meanwhile.
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
