/**
 * Points in time in MDTM, MFMT and the `modify` fact (RFC 3659 section 2.3): always UTC.
 *
 * @module
 */

/** A time and the path it applies to: `MFMT time path`, and MDTM when it sets the time. */
export interface TimeAndPath {
  /** Milliseconds since 1970, UTC. */
  readonly modified: number;
  readonly path: string;
}

const FIRST_INSTANT = Date.parse("0000-01-01T00:00:00Z");
const LAST_INSTANT = Date.parse("9999-12-31T23:59:59.999Z");
const LEAP_SECOND = 60;

/** The options of {@link formatTimeVal}. */
export interface TimeFormatOptions {
  /**
   * Append `.sss` if there are milliseconds. RFC 3659 section 2.3 allows them; scripts that expect fourteen digits fail
   * on them.
   *
   * @default false
   */
  readonly fractions?: boolean;
}

/**
 * `YYYYMMDDHHMMSS`, rounded down to the second unless fractions are requested. A year that does not fit into four
 * digits is moved to the nearest instant that does; NaN becomes 1970.
 */
export function formatTimeVal(milliseconds: number, { fractions = false }: TimeFormatOptions = {}): string {
  const instant = Number.isNaN(milliseconds) ? 0 : Math.min(Math.max(milliseconds, FIRST_INSTANT), LAST_INSTANT);
  // Field by field, as every line of a listing has a time: cutting up the ISO form takes twice as long.
  const date = new Date(Math.floor(instant));
  const year = date.getUTCFullYear();
  const day = `${two(Math.trunc(year / 100))}${two(year % 100)}${two(date.getUTCMonth() + 1)}${two(date.getUTCDate())}`;
  const time = `${two(date.getUTCHours())}${two(date.getUTCMinutes())}${two(date.getUTCSeconds())}`;
  const fraction = fractions ? date.getUTCMilliseconds() : 0;
  return fraction === 0 ? day + time : `${day}${time}.${String(fraction).padStart(3, "0")}`;
}

/**
 * Milliseconds since 1970 for `YYYYMMDDHHMMSS` with any fraction; `undefined` for an invalid date. Second 60 is the
 * leap second and counts as the next minute's first; digits after the milliseconds are dropped.
 */
export function parseTimeVal(text: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number);
  if (hour > 23 || minute > 59 || second > LEAP_SECOND) return undefined;
  const millisecond = Number((match[7] ?? "").slice(0, 3).padEnd(3, "0"));
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return date.setUTCHours(hour, minute, second, millisecond);
}

/**
 * Splits `time path`; `undefined` if the argument does not begin with a valid time, which for MDTM means that all of it
 * is the path.
 */
export function splitTimeAndPath(argument: string): TimeAndPath | undefined {
  const space = argument.indexOf(" ");
  if (space === -1 || space === argument.length - 1) return undefined;
  const modified = parseTimeVal(argument.slice(0, space));
  return modified === undefined ? undefined : { modified, path: argument.slice(space + 1) };
}

/** From `00` to `99`. */
const TWO_DIGITS = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, "0"));

function two(number: number): string {
  return TWO_DIGITS[number] ?? "";
}
