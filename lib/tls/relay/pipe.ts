/**
 * Copies bytes from one connection to another.
 *
 * @module
 */

import { type Connection, writeAll } from "../../net/connection.ts";

/** An idle session keeps one buffer of this size waiting in each direction. */
const SMALLEST_READ = 2048;
const LARGEST_READ = 256 * 1024;

/**
 * Copies until `from` ends, then forwards the end. `watch` sees each piece before it is sent. Rejects when either side
 * fails; closes neither.
 */
export async function pipe(
  from: Connection,
  to: Pick<Connection, "write" | "closeWrite">,
  watch?: (bytes: Uint8Array) => void,
): Promise<void> {
  let buffer = new Uint8Array(SMALLEST_READ);
  for (;;) {
    const count = await from.read(buffer);
    if (count === null) break;
    const bytes = buffer.subarray(0, count);
    watch?.(bytes);
    await writeAll(to, bytes);
    // Bulk transfers fill the buffer and get a larger one; a session that went quiet falls back.
    if (count === buffer.length && count < LARGEST_READ) buffer = new Uint8Array(count * 4);
    else if (count < SMALLEST_READ && buffer.length > SMALLEST_READ) buffer = new Uint8Array(SMALLEST_READ);
  }
  await to.closeWrite();
}
