/**
 * Numbers that nobody can guess.
 *
 * @module
 */

/** The next ones: asking the runtime for one at a time takes 2 µs. */
const numbers = new Uint32Array(64);
let left = 0;

/**
 * A number from 0 (inclusive) to 1 (exclusive). The state of `Math.random` can be computed from a few of its numbers,
 * and PASV would reveal those to any client.
 */
export function unguessable(): number {
  if (left === 0) left = crypto.getRandomValues(numbers).length;
  return (numbers[--left] ?? 0) / 2 ** 32;
}
