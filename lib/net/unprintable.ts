/**
 * Characters that change how the text around them is displayed, and text without them.
 *
 * @module
 */

/**
 * Characters that must not appear in a line for people and programs: C0, DEL and C1, which terminals interpret and
 * which end lines; U+2028 and U+2029, which end lines for readers that follow Unicode (Python's `splitlines`); and the
 * marks of Unicode's bidirectional algorithm (UAX #9, section 2), which display a name in another order than it is
 * stored in.
 */
export const UNPRINTABLE: RegExp =
  // deno-lint-ignore no-control-regex -- control characters are what this looks for
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/**
 * `text` with a `\uXXXX` for each of {@link UNPRINTABLE}: names from outside, and paths in messages, may contain
 * terminal control sequences. In JSON, which escapes only C0 by itself, it means the same.
 */
export function escapeUnprintable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
