/**
 * Work that is done bit by bit, without keeping the event loop from everybody else.
 *
 * @module
 */

import { SocketPass } from "./socket_pass.ts";

/** Things between two looks at the sockets: some two milliseconds where each is a file to be looked at. */
const BETWEEN_LOOKS = 256;

/**
 * The same batches, none made before the event loop has looked at its sockets where much was made since the last look. A producer that
 * never waits, or only for what is ready at once, would otherwise not let anybody be heard until it has ended.
 */
export async function* paced<T>(batches: AsyncIterable<readonly T[]>): AsyncGenerator<readonly T[], void> {
  // It is opened by the first wait, so short listings do without.
  const pass = new SocketPass();
  let made = 0;
  try {
    for await (const batch of batches) {
      yield batch;
      made += batch.length;
      if (made < BETWEEN_LOOKS) continue;
      made = 0;
      await pass.wait();
    }
  } finally {
    pass.close();
  }
}
