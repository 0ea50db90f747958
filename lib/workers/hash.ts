/**
 * Hashes that are the same in every thread.
 *
 * @module
 */

/**
 * 64 bits of `text` in two halves, by cyrb53's mixing. Keys are addresses, names and paths: a collision gains an
 * attacker nothing.
 */
export function hashOf(text: string): readonly [left: number, right: number] {
  let left = 0xdeadbeef;
  let right = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    left = Math.imul(left ^ code, 2654435761);
    right = Math.imul(right ^ code, 1597334677);
  }
  left = Math.imul(left ^ (left >>> 16), 2246822507) ^ Math.imul(right ^ (right >>> 13), 3266489909);
  right = Math.imul(right ^ (right >>> 16), 2246822507) ^ Math.imul(left ^ (left >>> 13), 3266489909);
  return [left | 0, right | 0];
}
