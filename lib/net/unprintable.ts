/**
 * Characters that change how the text around them is displayed.
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
