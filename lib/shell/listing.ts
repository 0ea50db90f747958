/**
 * Listings for people: names in columns, or a line for each entry.
 *
 * @module
 */

import stringWidth from "string-width";
import type { RemoteEntry } from "../client/remote_entry.ts";
import { printable } from "../client/names.ts";
import type { Output } from "./ports.ts";

/** How a listing is shown. */
export interface ListingStyle {
  /** A line for each entry, with its kind, size and time. */
  readonly long: boolean;
  /** One name a line. */
  readonly single: boolean;
  /** Sizes with a unit. */
  readonly human: boolean;
  readonly sort: "name" | "size" | "time";
  readonly reverse: boolean;
}

const RESET = "\x1b[0m";
/** As `ls` colours them by default. */
const COLOURS: Readonly<Record<RemoteEntry["kind"], string>> = {
  directory: "\x1b[1;34m",
  link: "\x1b[1;36m",
  other: "\x1b[33m",
  file: "",
};
const EXECUTABLE = "\x1b[1;32m";
/** Blanks between two columns. */
const GAP = 2;
const SIX_MONTHS = 183 * 86_400_000;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;
const KIND_LETTERS: Readonly<Record<RemoteEntry["kind"], string>> = {
  directory: "d",
  link: "l",
  other: "?",
  file: "-",
};

/** The text of a listing, line ends included. */
export function formatListing(entries: readonly RemoteEntry[], style: ListingStyle, out: Output): string {
  const sorted = entries.toSorted(orderOf(style));
  if (style.long) return longLines(sorted, style, out);
  if (style.single || !out.isTerminal) return sorted.map((entry) => `${shownName(entry, out)}\n`).join("");
  return columns(sorted, out);
}

/** `name` for `out`: as it is for programs, and harmless on a terminal. */
export function shown(name: string, out: Output): string {
  return out.isTerminal ? printable(name) : name;
}

function orderOf({ sort, reverse }: ListingStyle): (a: RemoteEntry, b: RemoteEntry) => number {
  const byName = (a: RemoteEntry, b: RemoteEntry) => a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
  const orders = {
    name: byName,
    size: (a: RemoteEntry, b: RemoteEntry) => (b.size ?? -1) - (a.size ?? -1) || byName(a, b),
    time: (a: RemoteEntry, b: RemoteEntry) => (b.modified ?? 0) - (a.modified ?? 0) || byName(a, b),
  };
  const order = orders[sort];
  return reverse ? (a, b) => -order(a, b) : order;
}

function shownName(entry: RemoteEntry, out: Output): string {
  const name = shown(entry.name, out);
  const colour = out.hasColours ? colourOf(entry) : "";
  return colour === "" ? name : colour + name + RESET;
}

function colourOf({ kind, mode = 0 }: RemoteEntry): string {
  return kind === "file" && (mode & 0o111) !== 0 ? EXECUTABLE : COLOURS[kind];
}

/** Names down the columns, as `ls` arranges them: in as few rows as fit. */
function columns(entries: readonly RemoteEntry[], out: Output): string {
  const widths = entries.map(({ name }) => stringWidth(shown(name, out)));
  for (let rows = 1; rows <= entries.length; rows++) {
    const tops = Array.from({ length: Math.ceil(entries.length / rows) }, (_, column) => column * rows);
    const columnWidths = tops.map((top) => Math.max(...widths.slice(top, top + rows)));
    const total = columnWidths.reduce((sum, width) => sum + width + GAP, -GAP);
    if (total > out.columns && rows < entries.length) continue;
    return Array.from({ length: rows }, (_, row) => {
      const cells = tops.map((top) => top + row).filter((index) => index < entries.length);
      return cells.map((index, column) => {
        const entry = entries[index];
        const padding = column === cells.length - 1 ? 0 : (columnWidths[column] ?? 0) + GAP - (widths[index] ?? 0);
        return (entry ? shownName(entry, out) : "") + " ".repeat(padding);
      }).join("") + "\n";
    }).join("");
  }
  return "";
}

function longLines(entries: readonly RemoteEntry[], style: ListingStyle, out: Output): string {
  const rows = entries.map((entry) => ({
    entry,
    owner: shown([entry.owner, entry.group].filter((part) => part !== undefined).join(" "), out),
    size: entry.kind === "directory" && entry.size === undefined ? "-" : sizeText(entry.size, style.human),
  }));
  const ownerWidth = Math.max(0, ...rows.map(({ owner }) => owner.length));
  const sizeWidth = Math.max(0, ...rows.map(({ size }) => size.length));
  return rows.map(({ entry, owner, size }) => {
    const fields = [
      KIND_LETTERS[entry.kind] + modeText(entry.mode),
      ...(ownerWidth > 0 ? [owner.padEnd(ownerWidth)] : []),
      size.padStart(sizeWidth),
      timeText(entry.modified, Date.now()),
      shownName(entry, out) + (entry.target === undefined ? "" : ` -> ${shown(entry.target, out)}`),
    ];
    return `${fields.join("  ")}\n`;
  }).join("");
}

/** `rwxr-xr-x`. */
function modeText(mode: number | undefined): string {
  if (mode === undefined) return "?????????";
  return Array.from({ length: 9 }, (_, bit) => (mode & (0o400 >> bit)) === 0 ? "-" : "rwx"[bit % 3]).join("");
}

/** Bytes, or with `human` in units of 1024 with three digits. */
export function sizeText(size: number | undefined, human = false): string {
  if (size === undefined) return "?";
  if (!human || size < 1024) return String(size);
  let [value, unit] = [size, 0];
  while (value >= 999.5 && unit < 6) [value, unit] = [value / 1024, unit + 1];
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)}${" KMGTPE"[unit]}`;
}

/** As `ls` writes times: with the time of day for half a year, then with the year. In local time. */
function timeText(modified: number | undefined, now: number): string {
  if (modified === undefined) return "?".padEnd(12);
  const date = new Date(modified);
  const day = `${MONTHS[date.getMonth()]} ${String(date.getDate()).padStart(2)}`;
  const isRecent = modified <= now && now - modified < SIX_MONTHS;
  const two = (value: number) => String(value).padStart(2, "0");
  return `${day} ${isRecent ? `${two(date.getHours())}:${two(date.getMinutes())}` : ` ${date.getFullYear()}`}`;
}
