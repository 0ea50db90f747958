/**
 * What the memories of addresses have in common: names as numbers, and an end to growth.
 *
 * @module
 */

/** FNV-1a, 32 bits, so that names sent by strangers need not be stored. Names with the same hash count as one. */
export function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  return hash;
}

/** Removes the first entry, which is the least recent one. */
export function forgetOldest(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
