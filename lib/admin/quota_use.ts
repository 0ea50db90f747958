/**
 * How much of their quota accounts use: asked for seldom, as the first answer about an account walks through its tree.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import type { Account } from "../auth/accounts.ts";
import type { AccountsBackend } from "./backend.ts";

/** Milliseconds after which an answer leaves out what is not counted yet. The next one finds it counted. */
const PATIENCE = 2_000;

/** Bytes of an account, and its limit. */
export interface QuotaUse {
  readonly bytes: number;
  readonly limit: number;
}

/** By name: the use of those of `accounts` that have a quota, as far as it is known in time. */
export async function quotaUse(
  accounts: readonly Account[],
  { used }: Pick<AccountsBackend, "used">,
): Promise<ReadonlyMap<string, QuotaUse>> {
  const known = new Map<string, QuotaUse>();
  const over = new AbortController();
  const ask = async () => {
    // One after the other: a disk that is busy with a thousand trees answers no client.
    for (const account of accounts) {
      const { name, quota: limit } = account;
      if (limit === undefined || over.signal.aborted) continue;
      // A root that is away, or a state that cannot be asked, is not known.
      const bytes = await used(account).catch(() => undefined);
      if (bytes !== undefined) known.set(name, { bytes, limit });
    }
  };
  const patience = delay(PATIENCE, over).catch(() => {});
  await Promise.race([ask(), patience]);
  over.abort();
  await patience;
  return new Map(known);
}
