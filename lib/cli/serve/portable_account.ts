/**
 * Accounts on their way from one thread to another.
 *
 * @module
 */

import type { Account } from "../../auth/accounts.ts";
import { parseNetwork } from "../../net/ip.ts";

/** An account as it can be cloned: its networks are text. */
export type PortableAccount = Omit<Account, "allowFrom"> & { readonly allowFrom: readonly string[] };

/** Makes `account` fit for a message. */
export function packAccount(account: Account): PortableAccount {
  return { ...account, allowFrom: account.allowFrom.map(({ text }) => text) };
}

/** The account that {@link packAccount} was given. @throws {RangeError} for a network that is none. */
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
