/**
 * What an embedding program may do before and after each command.
 *
 * @module
 */

import type { Reply } from "../protocol/reply.ts";

/** A command before its handler runs, as the hooks `before` and `after` see it. */
export interface PendingCommand {
  /** Identifies the session in events. */
  readonly session: string;
  /** The address of the client. */
  readonly address: string;
  /** The name of the account; absent before the login. */
  readonly user?: string;
  /** The verb in upper case. */
  readonly verb: string;
  /** As the client sent it; absent where it is secret (PASS, ACCT). */
  readonly argument?: string;
  /** Resolved virtual path, if the argument is a path and nothing else. */
  readonly path?: string;
  /** The working directory; absent before the login. */
  readonly cwd?: string;
}

/** May refuse a command by returning a reply; `undefined` lets it pass. */
export type BeforeHook = (command: PendingCommand) => Reply | undefined | Promise<Reply | undefined>;

/** Sees the final reply of a command that has run, and may replace it by another; `undefined` keeps it. */
export type AfterHook = (command: PendingCommand, reply: Reply) => Reply | undefined | Promise<Reply | undefined>;
