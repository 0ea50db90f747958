/**
 * The open sessions of accounts that may no longer log in.
 *
 * @module
 */

import { type Account, type AccountsStore, loginState } from "../../auth/accounts.ts";
import type { SessionInfo } from "../../session_info.ts";

/** What there must be of a server, with one event loop or several. */
export interface SessionsOwner {
  sessions(): readonly SessionInfo[] | Promise<readonly SessionInfo[]>;
  disconnect(id: string, text?: string): boolean | Promise<boolean>;
}

const CLOSED = "This account is closed";

/**
 * Ends every session whose account was removed or disabled, or has expired, with its transfer: whoever closes an
 * account wants nobody in it. Other changes of an account apply from the next login.
 *
 * @param before the names of the accounts that there were before.
 */
export async function endClosedSessions(
  server: SessionsOwner,
  accounts: Pick<AccountsStore, "find">,
  before: ReadonlySet<string>,
): Promise<void> {
  for (const { id, user } of await server.sessions()) {
    const account = user === undefined ? undefined : accounts.find(user);
    if (user === undefined || isOpen(account)) continue;
    // Of an account that is kept elsewhere nothing is known here.
    if (!account && !before.has(user)) continue;
    await server.disconnect(id, CLOSED);
  }
}

/** The names of all accounts. */
export function namesOf(accounts: Pick<AccountsStore, "list">): ReadonlySet<string> {
  return new Set(accounts.list().map(({ name }) => name));
}

function isOpen(account: Account | undefined): boolean {
  return account !== undefined && loginState(account, Date.now()) === "enabled";
}
