/**
 * Characters that change what a reader sees around them.
 *
 * @module
 */

/**
 * What must not stand in a line that people and programs read: C0, DEL and C1, which a terminal obeys and which end lines; U+2028 and
 * U+2029, which end lines to readers that go by Unicode (Python's `splitlines`); and the marks of Unicode's bidirectional algorithm
 * (UAX #9, section 2), which let a name show in another order than it is in.
 */
export const UNPRINTABLE: RegExp =
  // deno-lint-ignore no-control-regex -- control characters are what this looks for
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
