/**
 * The form of a command of the program.
 *
 * @module
 */

import type { Flag } from "./flags.ts";
import type { CommandIo } from "./io.ts";
import type { UserIo } from "./user/user.ts";

/** What every command may use of its process. */
export type ProgramIo = CommandIo & UserIo;

/** One command. Only what was asked for is loaded, so that the server does not start later for the others. */
export interface ProgramCommand {
  readonly name: string;
  /** Its arguments in the usage. */
  readonly arguments: string;
  /** One line. */
  readonly summary: string;
  /** Words that its first argument can be. */
  readonly words?: () => Promise<readonly string[]>;
  readonly flags: () => Promise<readonly Flag[]>;
  /** Resolves to the exit status. */
  readonly run: (args: readonly string[], io: ProgramIo) => Promise<number>;
}
