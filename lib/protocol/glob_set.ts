/**
 * Sets of characters in file-name patterns, `[a-z]` and `[!a-z]`: sorted ranges, so that a test is cheap however the
 * set is written.
 *
 * @module
 */

/** Code points: first and last of each range alternately, sorted, with no adjacent ranges. */
export interface CodeSet {
  readonly negated: boolean;
  readonly ranges: readonly number[];
}

/** A set and the position of its closing bracket. */
export interface ParsedSet {
  readonly set: CodeSet;
  readonly end: number;
}

/**
 * The set that opens at `open`; `undefined` if it is never closed: the opening bracket is then an ordinary character.
 */
export function parseSet(characters: readonly string[], open: number): ParsedSet | undefined {
  let index = open + 1;
  const negated = characters[index] === "!" || characters[index] === "^";
  if (negated) index++;
  const first = index;
  const ranges: [number, number][] = [];
  for (; index < characters.length; index++) {
    // A closing bracket in first position is a member.
    if (characters[index] === "]" && index > first) return { set: { negated, ranges: merged(ranges) }, end: index };
    if (characters[index] === "\\" && index + 1 < characters.length) index++;
    const low = codeOf(characters[index]);
    const hasRange = characters[index + 1] === "-" && index + 2 < characters.length && characters[index + 2] !== "]";
    if (hasRange) index += 2;
    ranges.push([low, codeOf(characters[index])]);
  }
  return undefined;
}

/** The code point of `character`; 0 without one. */
export function codeOf(character: string | undefined): number {
  return character?.codePointAt(0) ?? 0;
}

/** Whether `code` is in the set, by binary search. */
export function isIn({ negated, ranges }: CodeSet, code: number): boolean {
  let low = 0;
  let high = ranges.length / 2;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (code > (ranges[2 * middle + 1] ?? 0)) low = middle + 1;
    else high = middle;
  }
  return (low < ranges.length / 2 && code >= (ranges[2 * low] ?? 0)) !== negated;
}

/** The same code points in the form of a {@link CodeSet}. A descending range is empty. */
function merged(ranges: readonly (readonly [number, number])[]): readonly number[] {
  const result: number[] = [];
  for (const [low, high] of ranges.filter(([low, high]) => low <= high).toSorted(([one], [other]) => one - other)) {
    const last = result.at(-1);
    if (last !== undefined && low <= last + 1) result[result.length - 1] = Math.max(last, high);
    else result.push(low, high);
  }
  return result;
}
