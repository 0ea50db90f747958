/**
 * Dates in listings: the formats of servers, months in several languages, and missing years.
 *
 * @module
 */

import type { ListParserOptions } from "./parsed_list.ts";

/** What comes after the columns of owners. */
export interface SizeDateName {
  /** Text before the size. */
  readonly before: string;
  readonly size: number | undefined;
  readonly modified: number | undefined;
  readonly name: string;
}

const TIME = "(\\d{1,2}):(\\d\\d)(?::(\\d\\d)(?:\\.\\d{1,9})?)?";
/** Letters of any language, and the dot that some put after a short month. */
const MONTH = "(\\p{L}{3,9})\\.?";
/** The formats of a date, each with the meaning of its groups. */
const DATES: readonly { readonly pattern: RegExp; readonly read: (groups: readonly string[]) => WrittenDate }[] = [
  // Jan 29 03:26, Jan 29 2003, Jan  9 2003 03:26
  dateForm(`${MONTH}\\s{1,4}(\\d{1,2})\\s{1,4}(?:${TIME}|(\\d{4})(?:\\s${TIME})?)`, (g) => ({
    ...{ monthName: g[0], day: g[1], hour: g[2] || g[6], minute: g[3] || g[7], second: g[4] || g[8], year: g[5] },
  })),
  // 29 Jan 03:26, 29. Jan 2003
  dateForm(`(\\d{1,2})\\.?\\s{1,4}${MONTH}\\s{1,4}(?:${TIME}|(\\d{4}))`, (g) => ({
    ...{ day: g[0], monthName: g[1], hour: g[2], minute: g[3], second: g[4], year: g[5] },
  })),
  // 2003-01-29 03:26, 2003-01-29 03:26:11.000000000 +0100
  dateForm(`(\\d{4})[-/](\\d\\d)[-/](\\d\\d)(?:\\s${TIME}(?:\\s([+-]\\d{4}))?)?`, (g) => ({
    ...{ year: g[0], month: g[1], day: g[2], hour: g[3], minute: g[4], second: g[5], zone: g[6] },
  })),
  // 2003 Jan 29; where a year follows, the first number is a size: 1234 Jan 29  2003
  dateForm(`(\\d{4})\\s${MONTH}\\s{1,4}(\\d{1,2})(?!\\s{1,4}\\d{4}\\s)(?:\\s${TIME})?`, (g) => ({
    ...{ year: g[0], monthName: g[1], day: g[2], hour: g[3], minute: g[4], second: g[5] },
  })),
];

/** The parts of a date as written; missing ones are `undefined` or empty. */
interface WrittenDate {
  readonly year?: string | undefined;
  readonly month?: string | undefined;
  readonly monthName?: string | undefined;
  readonly day?: string | undefined;
  readonly hour?: string | undefined;
  readonly minute?: string | undefined;
  readonly second?: string | undefined;
  /** For example `+0100`. */
  readonly zone?: string | undefined;
}

function dateForm(
  date: string,
  read: (groups: readonly string[]) => WrittenDate,
): { pattern: RegExp; read: (groups: readonly string[]) => WrittenDate } {
  // A size, or the two numbers of a device, then the date and one space: a name may begin with spaces.
  return { pattern: new RegExp(`\\s(\\d+)(?:,\\s{0,4}(\\d+))?\\s{1,20}${date}\\s(.+)$`, "su"), read };
}

/**
 * Finds the first place in `rest` at which a size, a date and a name follow each other. Of two formats that yield the
 * same name the one with fewer columns is right: a size before `Nov 28` may look like a year.
 */
export function readSizeDateName(rest: string, options: ListParserOptions): SizeDateName | undefined {
  let best: SizeDateName | undefined;
  for (const { pattern, read } of DATES) {
    const match = pattern.exec(rest);
    if (!match) continue;
    const [, size, minor, ...groups] = match.map((group) => group ?? "");
    const date = dateOf(read(groups), options);
    if (!date) continue;
    const found = {
      before: rest.slice(0, match.index),
      size: minor === "" ? Number(size) : undefined,
      modified: date.modified,
      name: groups.at(-1) ?? "",
    };
    if (!best || isBetter(found, best)) best = found;
  }
  return best;
}

function isBetter(found: SizeDateName, best: SizeDateName): boolean {
  if (found.name.length !== best.name.length) return found.name.length > best.name.length;
  return found.before.length > best.before.length;
}

/** `undefined` if it is not a date. */
function dateOf(
  written: WrittenDate,
  options: ListParserOptions,
): { readonly modified: number | undefined } | undefined {
  const month = written.monthName ? monthNumber(written.monthName) : Number(written.month);
  if (month === undefined || !(month >= 1 && month <= 12)) return undefined;
  const day = Number(written.day);
  const time = {
    hour: Number(written.hour || 0),
    minute: Number(written.minute || 0),
    second: Number(written.second || 0),
  };
  if (!written.year) return { modified: latestBefore(month, day, time, options) };
  const zone = /^([+-])(\d\d)(\d\d)$/.exec(written.zone ?? "");
  const offset = zone ? Number(`${zone[1]}1`) * (Number(zone[2]) * 60 + Number(zone[3])) * 60_000 : options.offset;
  return {
    modified: toInstant({ year: Number(written.year), month, day }, time, {
      ...options,
      ...(offset !== undefined && { offset }),
    }),
  };
}

/** A day as written. */
export interface CalendarDay {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
}

/** A time as written. */
export interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** The time of a date without one. */
export const MIDNIGHT: TimeOfDay = { hour: 0, minute: 0, second: 0 };
const DAY = 86_400_000;

/** `undefined` for a day that does not exist. */
export function toInstant(
  { year, month, day }: CalendarDay,
  time: TimeOfDay,
  options: ListParserOptions,
): number | undefined {
  const { hour, minute, second } = time;
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second) - (options.offset ?? 0);
}

/** For a missing year: the latest in which the day is not in the future, allowing for a clock that is a day ahead. */
function latestBefore(
  month: number,
  day: number,
  time: TimeOfDay,
  options: ListParserOptions,
): number | undefined {
  const year = new Date(options.now + DAY).getUTCFullYear();
  const instant = toInstant({ year, month, day }, time, options);
  if (instant === undefined || instant <= options.now + DAY) return instant;
  return toInstant({ year: year - 1, month, day }, time, options);
}

/** Two digits mean 1970 to 2069, as in POSIX. */
export function fullYear(year: number): number {
  if (year >= 100) return year;
  return year >= 70 ? 1900 + year : 2000 + year;
}

/** The hour of a 12-hour or 24-hour clock; `half` is `AM`, `PM` or absent. */
export function to24Hours(hour: number, half: string | undefined): number {
  if (half === undefined) return hour;
  return hour % 12 + (half.toUpperCase() === "PM" ? 12 : 0);
}

/**
 * Prefixes of the months in languages that servers are set to: English, German, French, Spanish, Italian, Portuguese,
 * Dutch, Nordic, Polish, Czech.
 */
const MONTH_NAMES: readonly (readonly string[])[] = [
  ["jan", "jän", "ene", "gen", "sty", "led"],
  ["feb", "fév", "fev", "fèv", "lut", "úno"],
  ["mar", "mär", "mrz", "maa", "mrt", "bře"],
  ["apr", "avr", "abr", "kwi", "dub"],
  ["may", "mai", "mag", "mei", "maj", "kvě"],
  ["jun", "juin", "giu", "cze", "čer", "cer"],
  ["jul", "juil", "lug", "lip", "čvc"],
  ["aug", "aoû", "aou", "ago", "sie", "srp"],
  ["sep", "set", "wrz", "zář"],
  ["oct", "okt", "out", "ott", "paź", "paz", "říj", "ott"],
  ["nov", "lis"],
  ["dec", "dez", "déc", "dic", "des", "gru", "pro"],
];

/** 1 to 12 for the prefix of a month in one of the languages above. */
export function monthNumber(name: string): number | undefined {
  const written = name.toLowerCase();
  const index = MONTH_NAMES.findIndex((names) => names.some((known) => written.startsWith(known)));
  return index < 0 ? undefined : index + 1;
}
