/**
 * Values of flags of the client commands.
 *
 * @module
 */

import { UsageError } from "../usage_error.ts";

const UNITS: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };
const SPANS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Bytes of a text such as `500K` or `1.5M`, in units of 1024. @throws {UsageError} naming the flag. */
export function readSize(flag: string, text: string): number {
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?$/i.exec(text) ?? [];
  const factor = UNITS[unit.toUpperCase()] ?? 1;
  if (number === "" || Number(number) <= 0) {
    throw new UsageError(`Flag "--${flag}" must be a number of bytes more than 0, such as 500K or 1.5M, not "${text}"`);
  }
  return Math.round(Number(number) * factor);
}

/** A whole number. @throws {UsageError} naming the flag. */
export function readNumber(flag: string, text: string, least: number, most: number): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`Flag "--${flag}" must be a whole number from ${least} to ${most}, not "${text}"`);
}

/** One of `words`. @throws {UsageError} naming the flag. */
export function readWord<const W extends string>(flag: string, text: string, words: readonly W[]): W {
  const word = words.find((each) => each === text);
  if (word === undefined) throw new UsageError(`Flag "--${flag}" must be ${words.join(", ")}, not "${text}"`);
  return word;
}

/**
 * Milliseconds since 1970 of a day or time (`2026-01-31`, `2026-01-31T12:00`), or of so long ago (`90m`, `7d`).
 *
 * @throws {UsageError} naming the flag.
 */
export function readMoment(flag: string, text: string, now: number): number {
  const [, count, unit = ""] = /^(\d+)([smhdw])$/.exec(text) ?? [];
  const span = SPANS[unit];
  if (count !== undefined && span !== undefined) return now - Number(count) * span;
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  if (Number.isFinite(time)) return time;
  throw new UsageError(`Flag "--${flag}" must be a day such as 2026-01-31, or a time ago such as 7d, not "${text}"`);
}

/** Permission bits. @throws {UsageError}. */
export function readMode(text: string): number {
  if (/^[0-7]{3,4}$/.test(text)) return parseInt(text, 8);
  throw new UsageError(`Mode must be three or four digits from 0 to 7, such as 644, not "${text}"`);
}

/** Bytes for people: `1.5 MiB`. */
export function showSize(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < 4) [value, unit] = [value / 1024, unit + 1];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${["B", "KiB", "MiB", "GiB", "TiB"][unit]}`;
}
