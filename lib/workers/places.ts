/**
 * Which place of memory that all event loops share is that of a key.
 *
 * @module
 */

import { hashOf } from "./hash.ts";

/**
 * The place of `key`, which is entered where it is missing and never taken out; `undefined` if there is no room.
 *
 * @param keys a power of two of them, 0 where a place is free.
 */
export function placeOf(keys: BigInt64Array<SharedArrayBuffer>, key: string): number | undefined {
  const [left, right] = hashOf(key);
  const hash = BigInt(left) << 32n | BigInt(right >>> 0) || 1n;
  for (let step = 0; step < keys.length; step++) {
    const place = (left + step) & (keys.length - 1);
    const found = Atomics.compareExchange(keys, place, 0n, hash);
    if (found === 0n || found === hash) return place;
  }
  return undefined;
}
