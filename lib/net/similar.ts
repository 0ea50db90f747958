/**
 * Finds the word that somebody probably meant.
 *
 * @module
 */

/** Of a short word one letter in three may be wrong, of a long one no more than this many. */
const MOST_EDITS = 3;

/**
 * The one of `words` that `word` is closest to, regardless of case, dashes and underscores; `undefined` if none is
 * close. (`@std/text` has a distance as well, which takes 4 MiB of memory when it is loaded and counts two swapped
 * letters as two mistakes.)
 */
export function similarTo(word: string, words: Iterable<string>): string | undefined {
  const wanted = plain(word);
  let [best, least] = [undefined as string | undefined, Math.min(MOST_EDITS, Math.floor(wanted.length / 3)) + 1];
  for (const each of words) {
    const edits = editsBetween(wanted, plain(each));
    if (edits < least) [best, least] = [each, edits];
  }
  return best;
}

/** `: did you mean "WORD"?` with the word of {@link similarTo} as `show` writes it, or `otherwise` if there is none. */
export function didYouMean(
  word: string,
  words: Iterable<string>,
  { otherwise = "", show = (word) => word }: {
    readonly otherwise?: string;
    readonly show?: (word: string) => string;
  } = {},
): string {
  const similar = similarTo(word, words);
  return similar === undefined ? otherwise : `: did you mean "${show(similar)}"?`;
}

const LONGEST = 40;

function plain(word: string): string {
  return word.slice(0, LONGEST).toLowerCase().replaceAll(/[-_]/g, "");
}

/** Letters to insert, remove, replace, or swap with their neighbour ("optimal string alignment"). */
function editsBetween(one: string, other: string): number {
  let [before, above] = [[] as number[], Array.from({ length: other.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const differs = one[i - 1] === other[j - 1] ? 0 : 1;
      let edits = Math.min((above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above[j - 1] ?? 0) + differs);
      const isSwap = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      if (isSwap) edits = Math.min(edits, (before[j - 2] ?? 0) + 1);
      row.push(edits);
    }
    [before, above] = [above, row];
  }
  return above[other.length] ?? 0;
}
