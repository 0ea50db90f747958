/**
 * The result of parsing a listing, whatever the format.
 *
 * @module
 */

/** A parsed line of a listing. */
export interface ParsedListEntry {
  /**
   * As the server sent it: it may contain `/`, `..` or control characters, so check it before using it as a local file
   * name.
   */
  readonly name: string;
  /** `other`: a device, a pipe, or what the server does not say. */
  readonly kind: "file" | "directory" | "link" | "other";
  /** Size in bytes; `undefined` if the format has none. */
  readonly size: number | undefined;
  /** Milliseconds since 1970, UTC; `undefined` if the format has none. */
  readonly modified: number | undefined;
  /** Permission bits, `0o000` to `0o7777`, if the format has them. */
  readonly mode?: number;
  /** The owner, by name or number, if the format has one. */
  readonly owner?: string;
  /** The group, by name or number, if the format has one. */
  readonly group?: string;
  /** The target of a link. */
  readonly target?: string;
}

/** The options for parsing lines. */
export interface ListParserOptions {
  /** Milliseconds since 1970, UTC: a date without a year is the latest one that is not in the future. */
  readonly now: number;
  /**
   * How far the server's local time is ahead of UTC, in milliseconds: listings are in local time.
   *
   * @default 0
   */
  readonly offset?: number;
}
