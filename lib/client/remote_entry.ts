/**
 * What a server says of its files, whichever of its listings says it.
 *
 * @module
 */

import { parseList } from "../protocol/list_parser.ts";
import { parseFactsLine } from "../protocol/mlsx.ts";
import type { ParsedListEntry } from "../protocol/parsed_list.ts";
import { parseTimeVal } from "../protocol/time.ts";

/** An entry of a remote directory. */
export interface RemoteEntry extends ParsedListEntry {
  /** The same for two names of one object, if the server says so (RFC 3659 section 7.5.2). */
  readonly unique?: string;
  /** What the session may do with it, as letters of RFC 3659 section 7.5.5. */
  readonly permissions?: string;
}

/** A parsed remote listing. */
export interface RemoteListing {
  /** In the order of the server. */
  readonly entries: readonly RemoteEntry[];
  /** Lines that no known format explains. */
  readonly unreadable: readonly string[];
}

/** Parses the output of MLSD. The directory itself and its parent are left out. */
export function parseMachineListing(text: string): RemoteListing {
  const entries: RemoteEntry[] = [];
  const unreadable: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    if (line === "") continue;
    const parsed = parseFactsLine(line);
    const type = parsed?.facts.get("type")?.toLowerCase();
    if (type === "cdir" || type === "pdir") continue;
    if (parsed) entries.push(entryOf(parsed.name, parsed.facts));
    else unreadable.push(line);
  }
  return { entries, unreadable };
}

/**
 * Parses the output of LIST.
 *
 * @param now milliseconds since 1970: a date without a year is the latest one that is not in the future.
 */
export function parseHumanListing(text: string, now: number): RemoteListing {
  return parseList(text, { now });
}

/** The entry of a line of MLST or MLSD. */
export function entryOf(name: string, facts: ReadonlyMap<string, string>): RemoteEntry {
  const type = facts.get("type") ?? "";
  const size = facts.get("size") ?? facts.get("sizd");
  const modify = facts.get("modify");
  const mode = facts.get("unix.mode");
  const [owner, group] = [facts.get("unix.owner"), facts.get("unix.group")];
  const [unique, permissions] = [facts.get("unique"), facts.get("perm")];
  // `OS.unix=slink:/target` of ProFTPD and others; ours and some leave the target out.
  const target = /^os\.unix=s(?:ym)?link:(.+)$/is.exec(type)?.[1];
  return {
    name,
    kind: kindOf(type),
    size: size !== undefined && /^\d+$/.test(size) ? Number(size) : undefined,
    modified: modify === undefined ? undefined : parseTimeVal(modify),
    ...(mode !== undefined && /^[0-7]{1,5}$/.test(mode) && { mode: parseInt(mode, 8) & 0o7777 }),
    ...(owner !== undefined && { owner }),
    ...(group !== undefined && { group }),
    ...(target !== undefined && { target }),
    ...(unique !== undefined && { unique }),
    ...(permissions !== undefined && { permissions }),
  };
}

function kindOf(type: string): RemoteEntry["kind"] {
  const known = { file: "file", dir: "directory", cdir: "directory", pdir: "directory" } as const;
  const lower = type.toLowerCase();
  if (lower in known) return known[lower as keyof typeof known];
  return /^os\.unix=s(?:ym)?link/.test(lower) ? "link" : "other";
}
