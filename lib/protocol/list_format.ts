/**
 * Lines of LIST: in the formats of `ls -l` and MS-DOS. They are for programs that guess, so widths, English months and
 * the rule for the year are those of the programs they expect.
 *
 * @module
 */

import type { Zone } from "./zone.ts";

/** The input for one line of a listing. */
export interface ListedEntry {
  /** Without CR, LF or NUL: no format can represent those. */
  readonly name: string;
  /** What the entry is. */
  readonly kind: "file" | "directory" | "link" | "other";
  /** Size in bytes. */
  readonly size: number;
  /** Milliseconds since 1970, UTC. */
  readonly modified: number;
  /** Permission bits, `0o000` to `0o7777`. */
  readonly mode: number;
  /** Number of hard links. */
  readonly links: number;
  /** The name of the owner. */
  readonly owner: string;
  /** The name of the group. */
  readonly group: string;
  /** The same for two names of one object (RFC 3659 section 7.5.2). */
  readonly unique?: string;
  /** The target of a link, as the client may see it. */
  readonly target?: string;
  /** The entry a link leads to, if it leads anywhere. */
  readonly leadsTo?: Pick<ListedEntry, "kind" | "size" | "modified">;
}

/** The options for formatting lines. */
export interface ListFormatOptions {
  /** Milliseconds since 1970, UTC: decides whether a line has the time of day or the year. */
  readonly now: number;
  /**
   * Time zone of the lines.
   *
   * @default UTC
   */
  readonly zone?: Zone | undefined;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
const RIGHTS = ["---", "--x", "-w-", "-wx", "r--", "r-x", "rw-", "rwx"] as const;
/** Anything but files, directories and links is shown as a pipe, which clients leave alone. */
const TYPE_LETTERS = { file: "-", directory: "d", link: "l", other: "p" } as const;

const SET_USER = 0o4000;
const SET_GROUP = 0o2000;
const STICKY = 0o1000;
const SPECIAL_BITS = SET_USER | SET_GROUP | STICKY;

const RECENT = 180 * 86_400_000;
/** The last instant a `Date` can hold; a driver that reports more must not break the listing. */
const LAST_INSTANT = 8.64e15;

/**
 * The line of `ls -l`: type and rights, links, owner, group, size, date, name, for a link an arrow and its target;
 * columns as wide as those of vsftpd and never merged. The date includes the time of day for the last 180 days, and the
 * year for older and future ones (the six-month rule of `ls`, IEEE 1003.1).
 */
export function formatUnixLine(entry: ListedEntry, options: ListFormatOptions): string {
  const links = String(entry.links).padStart(4);
  const owner = column(entry.owner).padEnd(8);
  const group = column(entry.group).padEnd(8);
  const size = String(entry.size).padStart(12);
  const arrow = entry.target === undefined ? "" : ` -> ${entry.target}`;
  return `${formatMode(entry)} ${links} ${owner} ${group} ${size} ${
    unixDate(entry.modified, options)
  } ${entry.name}${arrow}`;
}

/**
 * The line of MS-DOS, as printed by IIS: date and time on a twelve-hour clock, `<DIR>` or the size, name. It has no
 * form for a link that clients know: a link looks like a file, so that no client deletes the content of a directory
 * through a link to it.
 */
export function formatWindowsLine(entry: ListedEntry, options: Pick<ListFormatOptions, "zone"> = {}): string {
  const date = localDate(entry.modified, options.zone);
  const hour = date.getUTCHours();
  const day = `${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}-${two(date.getUTCFullYear() % 100)}`;
  const time = `${two(hour % 12 === 0 ? 12 : hour % 12)}:${two(date.getUTCMinutes())}${hour < 12 ? "AM" : "PM"}`;
  const size = entry.kind === "directory" ? "      <DIR>         " : String(entry.size).padStart(20);
  return `${day}  ${time} ${size} ${entry.name}`;
}

/** The ten letters of type and rights, such as `drwxr-xr-x`. */
export function formatMode(entry: Pick<ListedEntry, "kind" | "mode">): string {
  const { mode } = entry;
  const letter = TYPE_LETTERS[entry.kind];
  const user = RIGHTS[mode >> 6 & 7];
  const group = RIGHTS[mode >> 3 & 7];
  const others = RIGHTS[mode & 7];
  if ((mode & SPECIAL_BITS) === 0) return `${letter}${user}${group}${others}`;
  const special = [
    [user, SET_USER, "s"],
    [group, SET_GROUP, "s"],
    [others, STICKY, "t"],
  ] as const;
  return letter + special.map(([rights, bit, mark]) => (mode & bit) === 0 ? rights : withMark(rights, mark)).join("");
}

/** Lower case if the right to execute is set as well, upper case if not. */
function withMark(rights: string | undefined, mark: string): string {
  const [read = "-", write = "-", execute = "-"] = rights ?? "";
  return read + write + (execute === "x" ? mark : mark.toUpperCase());
}

/** A name that stays in its column: never empty, and without spaces, which parsers take for the next column. */
function column(name: string): string {
  if (name === "") return "-";
  return name.includes(" ") ? name.replaceAll(" ", "_") : name;
}

function unixDate(modified: number, options: ListFormatOptions): string {
  const date = localDate(modified, options.zone);
  const day = date.getUTCDate();
  const monthAndDay = `${MONTHS[date.getUTCMonth()]} ${day < 10 ? " " : ""}${day}`;
  const age = options.now - modified;
  if (age >= 0 && age <= RECENT) return `${monthAndDay} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
  return `${monthAndDay} ${String(date.getUTCFullYear()).padStart(5)}`;
}

/** A date whose UTC fields are the local ones. */
function localDate(modified: number, zone: Zone | undefined): Date {
  const instant = Math.abs(modified) <= LAST_INSTANT ? modified : 0;
  return new Date(zone === undefined ? instant : instant + zone.offsetAt(instant));
}

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}
