/**
 * The accounts that the settings name, for commands that look at them without serving.
 *
 * @module
 */

import type { Account } from "../../auth/accounts.ts";
import { accountsNeeds, accountsPlace, asUsageError } from "../accounts.ts";
import type { Settings } from "../settings/table.ts";
import { usersFile } from "./needs.ts";
import { requireGrants } from "./query.ts";

/** Those of the accounts file or the database; none without one. @throws {UsageError} naming what is wrong in it. */
export async function keptAccounts(settings: Settings): Promise<readonly Account[]> {
  const users = usersFile(settings);
  if (users === undefined) return [];
  requireGrants(accountsNeeds(users));
  try {
    return (await (await accountsPlace(users)).read()).accounts;
  } catch (error) {
    throw asUsageError(error);
  }
}
