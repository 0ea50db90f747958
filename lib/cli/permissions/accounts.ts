/**
 * The accounts of the file that the settings name, for commands that look at them without serving.
 *
 * @module
 */

import type { Account } from "../../auth/accounts.ts";
import { AccountsFileError, readAccountsFile } from "../../auth/file/read.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";
import { usersFile } from "./needs.ts";
import { needRead, requireGrants } from "./query.ts";

/** Those of the accounts file; none without one. @throws {UsageError} naming what is wrong in it. */
export async function fileAccounts(settings: Settings): Promise<Account[]> {
  const users = usersFile(settings);
  if (users === undefined) return [];
  requireGrants([needRead(users, `reading the accounts file "${users}"`)]);
  try {
    return await readAccountsFile(users);
  } catch (error) {
    throw error instanceof AccountsFileError ? new UsageError(error.message) : error;
  }
}
