/**
 * Lines of LIST as a client reads them. No standard defines them (RFC 959 section 4.1.3), so the formats of known
 * servers are tried in turn; a line that matches none is left to the caller. MLSD needs none of this.
 *
 * @module
 */

import { fullYear, readSizeDateName, to24Hours, toInstant } from "./list_dates.ts";
import { readEplf, readMvs, readNetware, readOs400, readVms } from "./list_systems.ts";
import type { ListParserOptions, ParsedListEntry } from "./parsed_list.ts";

export type { ListParserOptions, ParsedListEntry } from "./parsed_list.ts";

/** A parsed listing. */
export interface ParsedList {
  readonly entries: readonly ParsedListEntry[];
  /** Lines that match no format and are not known to be decoration (`total 12`, headings). */
  readonly unreadable: readonly string[];
}

type LineReader = (line: string, options: ListParserOptions) => ParsedListEntry | undefined;

/** The stricter formats first: `ls -l` varies the most. */
const FORMATS: readonly LineReader[] = [readEplf, readWindows, readVms, readOs400, readNetware, readUnix, readMvs];

const DECORATION = [
  /^\s*$/,
  /^(total|insgesamt|totale?|celkem|razem|totaal)\s+\d+/i,
  /^Directory\s+\S+/i,
  /^Total of \d+ files?/i,
  /^Volume\s+Unit\s/,
  /^\s*Name\s+VV\.MM\s/,
  /^(Volume|Directory of|Free space)/i,
];

/** Parses one line without its end. Returns `undefined` for a line in no known format. */
export function parseListLine(line: string, options: ListParserOptions): ParsedListEntry | undefined {
  for (const read of FORMATS) {
    const entry = read(line, options);
    if (entry && entry.name !== "") return entry;
  }
  return undefined;
}

/**
 * Parses a listing. `.` and `..` are left out; a name that VMS has put on a line of its own is joined to the next line.
 */
export function parseList(text: string, options: ListParserOptions): ParsedList {
  const entries: ParsedListEntry[] = [];
  const unreadable: string[] = [];
  let wrapped: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const entry = wrapped !== undefined && /^\s/.test(line)
      ? parseListLine(wrapped + line, options)
      : parseListLine(line, options);
    if (!entry && wrapped !== undefined) unreadable.push(wrapped);
    wrapped = !entry && /^\S+;\d+\s*$/.test(line) ? line.trimEnd() : undefined;
    if (entry && entry.name !== "." && entry.name !== "..") entries.push(entry);
    else if (!entry && wrapped === undefined && !DECORATION.some((known) => known.test(line))) unreadable.push(line);
  }
  if (wrapped !== undefined) unreadable.push(wrapped);
  return { entries, unreadable };
}

const WINDOWS =
  /^(\d{1,4})[-/.](\d{1,2})[-/.](\d{2,4})\s{1,8}(\d{1,2}):(\d\d)(?::(\d\d))?\s{0,4}([AP]M)?\s{1,40}(<\w+>|[\d,.]+)\s(?:\s{9})?(.+)$/is;

/**
 * `04-27-00  09:09PM       <DIR>          licensed`, as printed by IIS; also with a four-digit year, and year first.
 */
function readWindows(line: string, options: ListParserOptions): ParsedListEntry | undefined {
  const match = WINDOWS.exec(line);
  if (!match) return undefined;
  const [, first = "", second = "", third = "", hour = "", minute, seconds = "0", half, what = "", rest = ""] = match;
  const yearFirst = first.length === 4;
  const [year, month, day] = yearFirst ? [first, second, third] : [third, first, second];
  const isDirectory = /^<(DIR|JUNCTION|SYMLINKD)>$/i.test(what);
  const [name = "", target] = /^<(JUNCTION|SYMLINKD?)>$/i.test(what) ? splitWindowsLink(rest) : [rest];
  return {
    name: what.startsWith("<") ? name.trimStart() : name,
    kind: isDirectory ? "directory" : what.startsWith("<") ? "other" : "file",
    size: what.startsWith("<") ? undefined : Number(what.replace(/[,.]/g, "")),
    modified: toInstant(
      { year: fullYear(Number(year)), month: Number(month), day: Number(day) },
      { hour: to24Hours(Number(hour), half), minute: Number(minute), second: Number(seconds) },
      options,
    ),
    ...(target !== undefined && { target }),
  };
}

/** `name [target]`, as Windows prints links. */
function splitWindowsLink(rest: string): [string, string?] {
  const match = /^(.*?) \[(.*)\]$/s.exec(rest);
  return match ? [match[1] ?? "", match[2] ?? ""] : [rest];
}

const UNIX_KINDS: Readonly<Record<string, ParsedListEntry["kind"]>> = { "-": "file", "d": "directory", "l": "link" };

/** A line of `ls -l`, in the many variants that servers print. */
function readUnix(line: string, options: ListParserOptions): ParsedListEntry | undefined {
  const match = /^([-dlbcpsDnPM])([-rwxsStTlL]{9})[+.@]?(.*)$/s.exec(line);
  if (!match) return undefined;
  const [, type = "-", rights = "", rest = ""] = match;
  const tail = readSizeDateName(rest, options);
  if (!tail) return undefined;
  const kind = UNIX_KINDS[type] ?? "other";
  const arrow = kind === "link" ? tail.name.indexOf(" -> ") : -1;
  const columns = tail.before.trim().split(/\s+/);
  // The number of links comes first, if it is there at all.
  const owners = /^\d+$/.test(columns[0] ?? "") && columns.length > 1 ? columns.slice(1) : columns;
  const [owner, group] = owners;
  return {
    name: arrow < 0 ? tail.name : tail.name.slice(0, arrow),
    kind,
    size: kind === "file" || kind === "link" ? tail.size : undefined,
    modified: tail.modified,
    mode: modeOf(rights),
    ...(owner !== undefined && owner !== "" && { owner }),
    ...(group !== undefined && { group: owners.slice(1).join(" ") }),
    ...(arrow >= 0 && { target: tail.name.slice(arrow + " -> ".length) }),
  };
}

function modeOf(rights: string): number {
  let mode = 0;
  for (const [index, letter] of [...rights].entries()) {
    const bit = 0o400 >> index;
    if ("rwxst".includes(letter)) mode |= bit;
    if ("sS".includes(letter)) mode |= index < 3 ? 0o4000 : 0o2000;
    if ("tT".includes(letter)) mode |= 0o1000;
  }
  return mode;
}
