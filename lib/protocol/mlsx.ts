/**
 * Facts about files in MLST and MLSD (RFC 3659 section 7): selecting, formatting and parsing them.
 *
 * @module
 */

import type { ListedEntry } from "./list_format.ts";
import { formatTimeVal } from "./time.ts";

/** The facts this server supports, in the order and spelling in which it sends them. */
export const FACT_NAMES = [
  "type",
  "size",
  "modify",
  "perm",
  "unique",
  "UNIX.mode",
  "UNIX.owner",
  "UNIX.group",
] as const;

/** One of {@link FACT_NAMES}. */
export type FactName = typeof FACT_NAMES[number];

/** The properties of an entry that only the caller knows. */
export interface FactOptions {
  /** Letters from {@link permFact}; absent: the fact is left out. */
  readonly perm?: string;
  /** Set for the listed directory itself, and its parent (RFC 3659 section 7.5.1). */
  readonly type?: "cdir" | "pdir";
  /**
   * Milliseconds in `modify`, see {@link TimeFormatOptions.fractions}.
   *
   * @default false
   */
  readonly fractions?: boolean;
}

/** The rights of the session on an entry; those that do not apply to its kind are ignored. */
export interface EntryRights {
  /** APPE to the file. */
  readonly append?: boolean;
  /** New files in the directory. */
  readonly create?: boolean;
  /** DELE or RMD. */
  readonly delete?: boolean;
  /** CWD into the directory. */
  readonly enter?: boolean;
  /** RNFR. */
  readonly rename?: boolean;
  /** LIST, NLST, MLSD of the directory. */
  readonly list?: boolean;
  /** New directories in the directory. */
  readonly makeDirectory?: boolean;
  /** Deleting the content of the directory. */
  readonly purge?: boolean;
  /** RETR. */
  readonly read?: boolean;
  /** STOR over the file. */
  readonly write?: boolean;
}

/** A parsed line of facts. */
export interface FactsLine {
  readonly name: string;
  /** Names of facts in lower case: RFC 3659 section 7.2 ignores their case. */
  readonly facts: ReadonlyMap<string, string>;
}

const TYPE_VALUES = { file: "file", directory: "dir", link: "OS.unix=symlink", other: "OS.unix=special" } as const;

/** The characters that cannot occur in the value of a fact (RFC 3659 section 7.2). */
const ENDS_VALUE = /[; ]/;

/** Letters of the `perm` fact in order, and the kind of entry each applies to (RFC 3659 section 7.5.5). */
const PERM_LETTERS:
  readonly (readonly [letter: string, right: keyof EntryRights, kinds: "file" | "directory" | "any"])[] = [
    ["a", "append", "file"],
    ["c", "create", "directory"],
    ["d", "delete", "any"],
    ["e", "enter", "directory"],
    ["f", "rename", "any"],
    ["l", "list", "directory"],
    ["m", "makeDirectory", "directory"],
    ["p", "purge", "directory"],
    ["r", "read", "file"],
    ["w", "write", "file"],
  ];

/**
 * The facts that the argument of `OPTS MLST` selects; unknown ones are ignored, and selecting none is valid (RFC 3659
 * section 7.9). `undefined` is a syntax error (501): the list may not contain spaces.
 */
export function parseFactSelection(argument: string | undefined): readonly FactName[] | undefined {
  if (argument === undefined || argument === "") return [];
  if (/\s/.test(argument)) return undefined;
  const wanted = new Set(argument.toLowerCase().split(";"));
  return FACT_NAMES.filter((name) => wanted.has(name.toLowerCase()));
}

/** The text of the reply to `OPTS MLST`. */
export function formatFactSelection(selected: readonly FactName[]): string {
  return selected.length === 0 ? "MLST OPTS" : `MLST OPTS ${selected.join(";")};`;
}

/** The line in FEAT: all facts, the selected ones with a star. */
export function formatFactFeature(selected: readonly FactName[]): string {
  return `MLST ${FACT_NAMES.map((name) => selected.includes(name) ? `${name}*;` : `${name};`).join("")}`;
}

/** The selected facts that the entry has, a space, and its name. */
export function formatFacts(entry: ListedEntry, selected: readonly FactName[], options: FactOptions = {}): string {
  let line = "";
  for (const name of selected) {
    const value = factValue(name, entry, options);
    if (value !== undefined) line += `${name}=${value};`;
  }
  return `${line} ${entry.name}`;
}

/** The letters of the `perm` fact for an entry of this kind; for a link, of its target's kind. */
export function permFact(kind: ListedEntry["kind"], rights: EntryRights): string {
  return PERM_LETTERS
    .filter(([, right, kinds]) => rights[right] === true && (kinds === "any" || kinds === kind))
    .map(([letter]) => letter)
    .join("");
}

/**
 * Parses a line of MLSD, or the inner line of an MLST reply without its leading space. The name is everything after the
 * first space. `undefined` if the line has another form.
 */
export function parseFactsLine(line: string): FactsLine | undefined {
  const space = line.indexOf(" ");
  if (space === -1 || space === line.length - 1) return undefined;
  const facts = new Map<string, string>();
  for (const fact of line.slice(0, space).split(";")) {
    if (fact === "") continue;
    const equals = fact.indexOf("=");
    if (equals < 1) return undefined;
    facts.set(fact.slice(0, equals).toLowerCase(), fact.slice(equals + 1));
  }
  return { name: line.slice(space + 1), facts };
}

function factValue(name: FactName, entry: ListedEntry, options: FactOptions): string | undefined {
  switch (name) {
    case "type":
      return options.type ?? typeValue(entry);
    case "size":
      return transferSize(entry.leadsTo ?? entry);
    case "modify":
      // The same as MDTM, which follows links (RFC 3659 section 7.5.3).
      return formatTimeVal((entry.leadsTo ?? entry).modified, options);
    case "perm":
      return options.perm;
    case "unique":
      return entry.unique === undefined ? undefined : plainValue(entry.unique);
    case "UNIX.mode":
      return entry.mode.toString(8).padStart(4, "0");
    case "UNIX.owner":
      return plainValue(entry.owner);
    case "UNIX.group":
      return plainValue(entry.group);
  }
}

/**
 * A link with its target has the type of the example in RFC 3659 section 7.7.4, from which clients show the target. The
 * RFC's own grammar has no such value, so a link without a target, or with one that no fact can represent, has the type
 * of erratum 1500, which lftp reads as well.
 */
function typeValue({ kind, target }: ListedEntry): string {
  const hasTarget = kind === "link" && target !== undefined && !ENDS_VALUE.test(target);
  return hasTarget ? `OS.unix=slink:${target}` : TYPE_VALUES[kind];
}

/** The number of bytes that RETR would send; a directory has none (RFC 3659 section 7.5.7). */
function transferSize({ kind, size }: Pick<ListedEntry, "kind" | "size">): string | undefined {
  return kind === "file" ? String(size) : undefined;
}

/** A value without the two characters that would end it. */
function plainValue(value: string): string {
  return ENDS_VALUE.test(value) ? value.replaceAll(/[; ]/g, "_") : value;
}
