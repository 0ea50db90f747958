/**
 * Positions inside a file in commands: REST, RANG, and the ranges of the digest commands.
 *
 * @module
 */

import { parseQuotedPath } from "./quoted_path.ts";

/** A part of a file. */
export interface ByteRange {
  /** The first byte, from 0. */
  readonly start: number;
  /** The position after the last byte; `undefined`: to the end of the file. */
  readonly end: number | undefined;
}

/** The parsed argument of RANG. */
export type RangeRequest =
  | { readonly kind: "range"; readonly range: ByteRange }
  | { readonly kind: "clear" }
  | { readonly kind: "syntaxError" };

/** The parsed argument of a digest command that takes a range after the name. */
export interface DigestRequest {
  readonly path: string;
  readonly range: ByteRange | undefined;
}

/** Parses a byte count or position: digits only, up to the largest safe integer. */
export function parseOffset(text: string): number | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const offset = Number(text);
  return Number.isSafeInteger(offset) ? offset : undefined;
}

/**
 * Parses the argument of RANG, `start end`, where the end is the last byte itself (draft-bryan-ftp-range-08 section 3);
 * `1 0` resets it to the whole file. After a syntax error (501) the draft requires the range to be cleared too.
 */
export function parseRange(argument: string): RangeRequest {
  const [first = "", last = "", ...more] = argument.split(" ");
  const start = parseOffset(first);
  const final = parseOffset(last);
  if (start === undefined || final === undefined || more.length > 0) return { kind: "syntaxError" };
  if (start === 1 && final === 0) return { kind: "clear" };
  if (start > final || !Number.isSafeInteger(final + 1)) return { kind: "syntaxError" };
  return { kind: "range", range: { start, end: final + 1 } };
}

/**
 * Parses the argument of XCRC, XMD5 and the XSHA family: `name`, `"name"`, `"name" end` or `"name" start end`. The end
 * is the position after the last byte, as in ftpserverlib. A name without quotes is taken whole, numbers included.
 * `undefined` if anything else follows the quoted name. HASH has no such forms (draft-bryan-ftpext-hash-02 section 3).
 */
export function parseDigestArgument(argument: string): DigestRequest | undefined {
  if (!argument.startsWith('"')) return argument === "" ? undefined : { path: argument, range: undefined };
  const match = /^"(?:[^"]|"")+"((?: \d+){0,2})$/.exec(argument);
  const path = parseQuotedPath(argument);
  if (match === null || path === undefined) return undefined;
  const numbers = (match[1] ?? "").split(" ").slice(1).map(parseOffset);
  if (numbers.length === 0) return { path, range: undefined };
  const end = numbers.at(-1);
  const start = numbers.length === 2 ? numbers[0] : 0;
  if (start === undefined || end === undefined || start > end) return undefined;
  return { path, range: { start, end } };
}
