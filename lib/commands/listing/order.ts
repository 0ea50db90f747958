/**
 * The order of a listing, where the options of LIST or NLST ask for one as those of `ls` do: `-t` by time, the newest
 * first, `-S` by size, the largest first, `-r` the other way round, by name if alone.
 *
 * @module
 */

import type { Entry } from "../../vfs/vfs.ts";

/** Compares two entries as `Array.sort` wants it. */
export type EntryOrder = (one: Entry, other: Entry) => number;

/** Entries that are kept in memory to be sorted: a larger directory comes in the order of the storage. */
const MOST_SORTED = 10_000;
/** Entries of one batch. */
const BATCH = 64;

/** The order that `flags` ask for; `undefined`: that of the storage. The later of `-t` and `-S` counts. */
export function orderOf(flags: string): EntryOrder | undefined {
  const by = [...flags].findLast((flag) => flag === "t" || flag === "S");
  const isReversed = flags.includes("r");
  if (by === undefined && !isReversed) return undefined;
  const order: EntryOrder = by === "t" ? byTime : by === "S" ? bySize : byName;
  return isReversed ? (one, other) => order(other, one) : order;
}

/** The entries in `order`, if they are not too many; an unsorted listing is a whole one, too. */
export async function* ordered(
  batches: AsyncIterable<readonly Entry[]>,
  order: EntryOrder,
): AsyncGenerator<readonly Entry[], void> {
  let kept: Entry[] | undefined = [];
  for await (const batch of batches) {
    if (!kept) yield batch;
    else if (kept.push(...batch) > MOST_SORTED) {
      yield* pieces(kept);
      kept = undefined;
    }
  }
  if (kept) yield* pieces(kept.sort(order));
}

function* pieces(entries: readonly Entry[]): Generator<readonly Entry[], void> {
  for (let start = 0; start < entries.length; start += BATCH) yield entries.slice(start, start + BATCH);
}

function byName(one: Entry, other: Entry): number {
  return one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

function byTime(one: Entry, other: Entry): number {
  return other.modified - one.modified || byName(one, other);
}

function bySize(one: Entry, other: Entry): number {
  return other.size - one.size || byName(one, other);
}
