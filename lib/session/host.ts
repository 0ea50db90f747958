/**
 * What a session needs of the server that accepted it.
 *
 * @module
 */

import type { Account } from "../auth/accounts.ts";
import type { CommandTable } from "../commands/command.ts";
import type { ServerView } from "../commands/context.ts";
import type { EventStream } from "../events.ts";
import type { Options } from "../options.ts";
import type { ScopedVfs } from "../vfs/access.ts";
import type { MaybeLater, SharedState } from "../options/shared_state.ts";

/** Implemented by the server; a test may bring its own. */
export interface SessionOwner {
  readonly options: Options;
  readonly table: CommandTable;
  readonly events: EventStream;
  readonly gate: SharedState["gate"];
  readonly view: ServerView;
  /**
   * Counts a session for the account; `undefined` if the account has as many as it may. Disposing the result uncounts
   * it.
   */
  admit(account: Account): MaybeLater<Disposable | undefined>;
  /** What holds for all sessions together that ask for `key`: see `SharedState.limiterOf`. */
  readonly limiterOf: NonNullable<SharedState["limiterOf"]>;
  /** The account's files, with its rules in force. Sessions of one account share a view. */
  openView(account: Account): ScopedVfs | Promise<ScopedVfs>;
}
