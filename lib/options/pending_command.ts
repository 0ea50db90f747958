/**
 * A command as hooks see it. Only types: the npm package has them as its declarations.
 *
 * @module
 */

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
