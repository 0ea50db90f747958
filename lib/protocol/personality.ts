/**
 * How a server presents itself to clients that guess its kind: its SYST, its listings, and the verbs it lacks. To add
 * one, add a row.
 *
 * @module
 */

import { formatUnixLine, formatWindowsLine, type ListedEntry, type ListFormatOptions } from "./list_format.ts";
import type { PersonalityName } from "./personality_name.ts";

/** The features by which clients distinguish kinds of servers. */
export interface Personality {
  /** Text of the 215 reply to SYST. */
  readonly system: string;
  /** One line of LIST, without its end. */
  readonly formatLine: (entry: ListedEntry, options: ListFormatOptions) => string;
  /** Verbs that such a server does not have: 502, and not in FEAT. */
  readonly lacks: ReadonlySet<string>;
}

/** Personalities by name. */
export const PERSONALITIES: Readonly<Record<PersonalityName, Personality>> = {
  /** This server as it is: `ls -l` listings, and every verb. */
  unix: { system: "UNIX Type: L8", formatLine: formatUnixLine, lacks: new Set() },
  /** IIS: MS-DOS listings, and no MLSx, as otherwise no client would ever look at them. */
  windows: {
    system: "Windows_NT",
    formatLine: formatWindowsLine,
    lacks: new Set(["MLSD", "MLST", "MFMT", "MFF", "HASH", "RANG"]),
  },
};
