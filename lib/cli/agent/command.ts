/**
 * The form of a client command: a row of the table, and what it runs.
 *
 * @module
 */

import type { Flag, GivenFlags } from "../flags.ts";
import type { AgentContext } from "./context.ts";

/** Runs a command. Resolves to its exit status. */
export type AgentRun = (context: AgentContext) => Promise<number>;

/** Everything about a client command: dispatch, help, completion and the manual page are made from it. */
export interface AgentCommand {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** Its arguments in the usage. */
  readonly arguments: string;
  /** Fewest and most arguments. */
  readonly counts: readonly [least: number, most: number];
  /** What it does, in sentences that wrap. */
  readonly details: string;
  /** Command lines without the name of the program, and what each does. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  /** Besides those that every command has. */
  readonly flags: readonly Flag[];
  /** Whether standard output has the content of files. */
  readonly stdoutIsData?: (given: GivenFlags<Flag>) => boolean;
  readonly load: () => Promise<AgentRun>;
}
