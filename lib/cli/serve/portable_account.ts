/**
 * Accounts in a form that can be sent to another thread.
 *
 * @module
 */

import type { Account } from "../../auth/accounts.ts";
import { parseNetwork } from "../../net/ip.ts";

/** An account that can be cloned: its networks are text. */
export type PortableAccount = Omit<Account, "allowFrom"> & { readonly allowFrom: readonly string[] };

/** Converts `account` for a message. */
export function packAccount(account: Account): PortableAccount {
  return { ...account, allowFrom: account.allowFrom.map(({ text }) => text) };
}

/** The account that was passed to {@link packAccount}. @throws {RangeError} for an invalid network. */
export function restoreAccount(account: PortableAccount): Account {
  return {
    ...account,
    allowFrom: account.allowFrom.map((text) => {
      const network = parseNetwork(text);
      if (!network) throw new RangeError(`Account "${account.name}" has no network "${text}"`);
      return network;
    }),
  };
}
