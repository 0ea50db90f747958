/**
 * How a server shows itself to clients that guess what it is: by its SYST, its listings, and by what it lacks. To add one, add a row.
 *
 * @module
 */

import { formatUnixLine, formatWindowsLine, type ListedEntry, type ListFormatOptions } from "./list_format.ts";

/** What clients tell kinds of servers by. */
export interface Personality {
  /** Text of the 215 that answers SYST. */
  readonly system: string;
  /** One line of LIST, without its end. */
  readonly formatLine: (entry: ListedEntry, options: ListFormatOptions) => string;
  /** Verbs that such a server does not have: 502, and not in FEAT. */
  readonly lacks: ReadonlySet<string>;
}

/** A name in {@link PERSONALITIES}. */
export type PersonalityName = "unix" | "windows";

/** Personalities by name. */
export const PERSONALITIES: Readonly<Record<PersonalityName, Personality>> = {
  /** What this server is: `ls -l` listings, and everything there is. */
  unix: { system: "UNIX Type: L8", formatLine: formatUnixLine, lacks: new Set() },
  /** IIS: MS-DOS listings, and no MLSx, or no client would ever look at them. */
  windows: {
    system: "Windows_NT",
    formatLine: formatWindowsLine,
    lacks: new Set(["MLSD", "MLST", "MFMT", "MFF", "HASH", "RANG"]),
  },
};
