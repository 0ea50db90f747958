/**
 * What the reading of a listing gives, whatever the format was.
 *
 * @module
 */

/** What a line of a listing says. */
export interface ParsedListEntry {
  /** As the server sent it: it may hold `/`, `..` or control characters, so judge it before it names a local file. */
  readonly name: string;
  readonly kind: "file" | "directory" | "link" | "other";
  /** Bytes; `undefined` where the format does not say. */
  readonly size: number | undefined;
  /** Milliseconds since 1970, UTC; `undefined` where the format does not say. */
  readonly modified: number | undefined;
  /** Permission bits, `0o000` to `0o7777`, of formats that have them. */
  readonly mode?: number;
  readonly owner?: string;
  readonly group?: string;
  /** Where a link leads. */
  readonly target?: string;
}

/** What the reading of a line depends on. */
export interface ListParserOptions {
  /** Milliseconds since 1970, UTC: a date without a year is the latest one that is not in the future. */
  readonly now: number;
  /**
   * What the server's local time is ahead of UTC, in milliseconds: listings are in local time.
   *
   * @default 0
   */
  readonly offset?: number;
}
