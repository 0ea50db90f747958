/**
 * Lines of listings of servers that are neither Unix nor Windows: EPLF, VMS, OS/400, Netware and z/OS.
 *
 * @module
 */

import { fullYear, MIDNIGHT, monthNumber, readSizeDateName, toInstant } from "./list_dates.ts";
import type { ListParserOptions, ParsedListEntry } from "./parsed_list.ts";

/** `+i8388621.29609,m824255902,/,` and a tab, then the name (Easily Parsed LIST Format of D. J. Bernstein). */
export function readEplf(line: string): ParsedListEntry | undefined {
  const tab = line.indexOf("\t");
  if (!line.startsWith("+") || tab < 0) return undefined;
  const facts = line.slice(1, tab).split(",");
  const valueOf = (letter: string) => facts.find((fact) => /^.\d+$/.test(fact) && fact.startsWith(letter))?.slice(1);
  const modified = valueOf("m");
  const size = valueOf("s");
  const mode = facts.find((fact) => /^up[0-7]{1,4}$/.test(fact))?.slice(2);
  return {
    name: line.slice(tab + 1),
    kind: facts.includes("/") ? "directory" : facts.includes("r") ? "file" : "other",
    size: size === undefined ? undefined : Number(size),
    modified: modified === undefined ? undefined : Number(modified) * 1000,
    ...(mode !== undefined && { mode: parseInt(mode, 8) }),
  };
}

const VMS =
  /^(\S.{0,254}?);\d+\s{1,80}(?:(\d+)(?:\/\d+)?\s{1,20})?(\d{1,2})-([A-Z]{3})-(\d{4})(?:\s+(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?(?:\s+\[([^\],]*)(?:,([^\]]*))?\])?/i;

/** Bytes of a block in the size column of VMS. */
const VMS_BLOCK = 512;

/** `ANNOUNCE.TXT;1   4/6   21-MAR-1998 15:24:28 [ROOT,SYSTEM] (RWED,RE,,)`; a directory is `NAME.DIR;1`. */
export function readVms(line: string, options: ListParserOptions): ParsedListEntry | undefined {
  const match = VMS.exec(line);
  if (!match) return undefined;
  const [, name = "", blocks, day, monthName = "", year, hour = "0", minute = "0", second = "0", group, owner] = match;
  const month = monthNumber(monthName);
  if (month === undefined) return undefined;
  const isDirectory = /\.DIR$/i.test(name);
  return {
    name: isDirectory ? name.slice(0, -".DIR".length) : name,
    kind: isDirectory ? "directory" : "file",
    size: isDirectory || blocks === undefined ? undefined : Number(blocks) * VMS_BLOCK,
    modified: toInstant(
      { year: Number(year), month, day: Number(day) },
      { hour: Number(hour), minute: Number(minute), second: Number(second) },
      options,
    ),
    ...(owner !== undefined && group !== undefined && { owner, group }),
  };
}

const OS400 =
  /^(\S+)\s{1,40}(\d+)\s{1,40}(\d{1,2})[/.](\d\d)[/.](\d{2,4})\s{1,8}(\d\d):(\d\d):(\d\d)\s{1,40}(\*\w+)\s{1,40}(.+)$/s;

/** `QSYS      77824 02/23/00 15:09:55 *DIR       Documents/`, as printed by OS/400. */
export function readOs400(line: string, options: ListParserOptions): ParsedListEntry | undefined {
  const match = OS400.exec(line);
  if (!match) return undefined;
  const [, owner = "", size, first, second, year, hour, minute, seconds, type = "", name = ""] = match;
  const isDirectory = type === "*DIR" || type === "*LIB" || name.endsWith("/");
  // With a dot as separator the day comes first.
  const [month, day] = line.includes(`${first}.${second}`) ? [second, first] : [first, second];
  return {
    name: name.replace(/\/$/, ""),
    kind: isDirectory ? "directory" : "file",
    size: isDirectory ? undefined : Number(size),
    modified: toInstant(
      { year: fullYear(Number(year)), month: Number(month), day: Number(day) },
      { hour: Number(hour), minute: Number(minute), second: Number(seconds) },
      options,
    ),
    owner,
  };
}

/**
 * `d [RWCEAFMS] Admin      512 Oct 13  2004 PSI`, as printed by Novell Netware; also with spaces and hyphens in the
 * rights.
 */
export function readNetware(line: string, options: ListParserOptions): ParsedListEntry | undefined {
  const match = /^([-d])\s{0,4}\[[-A-Z]{1,12}\]\s{1,20}(\S+)\s{1,40}(\d.*)$/i.exec(line);
  if (!match) return undefined;
  const [, type, owner = "", rest = ""] = match;
  const tail = readSizeDateName(` ${rest}`, options);
  if (!tail) return undefined;
  const isDirectory = type === "d";
  return {
    name: tail.name.trimStart(),
    kind: isDirectory ? "directory" : "file",
    size: isDirectory ? undefined : tail.size,
    modified: tail.modified,
    owner,
  };
}

const MVS_DATA_SET =
  /^(?:\S{1,8}\s+\S{1,6}\s+(\*\*NONE\*\*|\d{4}\/\d\d\/\d\d)\s+\d+\s+\+?\d+\s+\S+\s+\d+\s+\d+\s+(P[OS](?:-E)?|VS|DA)\s+)('?[^\s']+'?)\s*$/;
const MVS_MEMBER =
  /^\s?([A-Z@#$][A-Z0-9@#$]{0,7})(?:\s+\d\d\.\d\d\s+\d{4}\/\d\d\/\d\d\s+(\d{4})\/(\d\d)\/(\d\d)\s+(\d\d):(\d\d)\s+\d+\s+\d+\s+\d+\s+\S+)\s*$/;

/** Data sets and members of z/OS: `WYOSPT 3420   2003/05/21  1  200  FB      80  8053  PS  48-MVS.FILE`. */
export function readMvs(line: string, options: ListParserOptions): ParsedListEntry | undefined {
  const migrated = /^Migrated\s+('?[^\s']+'?)\s*$/i.exec(line);
  if (migrated) return { name: migrated[1] ?? "", kind: "file", size: undefined, modified: undefined };
  const set = MVS_DATA_SET.exec(line);
  if (set) {
    const [, referred = "", organisation = "", name = ""] = set;
    const [year, month, day] = referred.split("/").map(Number);
    const dated = year !== undefined && month !== undefined && day !== undefined;
    return {
      name,
      kind: organisation.startsWith("PO") ? "directory" : "file",
      size: undefined,
      modified: dated ? toInstant({ year, month, day }, MIDNIGHT, options) : undefined,
    };
  }
  const member = MVS_MEMBER.exec(line);
  if (!member) return undefined;
  const [, name = "", year, month, day, hour, minute] = member;
  const date = { year: Number(year), month: Number(month), day: Number(day) };
  const time = { hour: Number(hour), minute: Number(minute), second: 0 };
  return { name, kind: "file", size: undefined, modified: toInstant(date, time, options) };
}
