/**
 * How a server presents itself to clients that guess its kind: its SYST, its listings, and the verbs it lacks. To add
 * one, add a row.
 *
 * @module
 */

import { formatUnixLine, formatWindowsLine, type ListedEntry, type ListFormatOptions } from "./list_format.ts";
import type { Reply } from "./reply.ts";

/** The features by which clients distinguish kinds of servers. */
export interface Personality {
  /** Text of the 215 reply to SYST. */
  readonly system: string;
  /** One line of LIST, without its end. */
  readonly formatLine: (entry: ListedEntry, options: ListFormatOptions) => string;
  /** Verbs that such a server does not have: 502, and not in FEAT. */
  readonly lacks: ReadonlySet<string>;
  /** Another reply instead of one of ours, as such a server would say it. Default: ours. */
  readonly say?: (reply: Reply, said: Said) => Reply;
}

/** What a reply is an answer to. */
export interface Said {
  /** The same object for all commands of a session. */
  readonly session: object;
  /** In upper case; `CONNECT` for the greeting. */
  readonly verb: string;
  /** As the client sent it. */
  readonly argument?: string | undefined;
  /** The working directory after the command; absent before the login. */
  readonly cwd?: string | undefined;
}

/** Personalities by name. */
export const PERSONALITIES: Readonly<Record<"unix" | "windows", Personality>> = {
  /** This server as it is: `ls -l` listings, and every verb. */
  unix: { system: "UNIX Type: L8", formatLine: formatUnixLine, lacks: new Set() },
  /** IIS: MS-DOS listings, and no MLSx, as otherwise no client would ever look at them. */
  windows: {
    system: "Windows_NT",
    formatLine: formatWindowsLine,
    lacks: new Set(["MLSD", "MLST", "MFMT", "MFF", "HASH", "RANG"]),
  },
};
