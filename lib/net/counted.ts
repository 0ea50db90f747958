/**
 * Numbers in sentences.
 *
 * @module
 */

/** `1 session`, `2 sessions`: `what` is the word for one, whose plural ends with `s`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
