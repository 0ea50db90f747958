/**
 * `--anonymous DIR`: anyone may read, without an accounts file.
 *
 * @module
 */

import { type Account, type AccountsStore, ANONYMOUS, canonicalName, createAccount } from "../../auth/accounts.ts";
import { parseAccess } from "../../vfs/access_rules.ts";
import { resolveRoot } from "../../vfs/root_url.ts";
import { UsageError } from "../usage_error.ts";

/**
 * The account for `root`: list and read, nothing else.
 *
 * @throws {UsageError} for a URL that cannot be a root.
 */
export function anonymousAccount(root: string): Account {
  const { allow, overwrite } = parseAccess("ro");
  return createAccount({ name: ANONYMOUS, rootPath: anonymousRoot(root), rules: [{ path: "/", allow, overwrite }] });
}

function anonymousRoot(root: string): string {
  try {
    return resolveRoot(root, ".");
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(`Flag "--anonymous": ${error.message}`) : error;
  }
}

/** The accounts of a file, which may change, and a fixed one that takes precedence. */
export class CombinedAccounts implements AccountsStore {
  readonly #file: AccountsStore | undefined;
  readonly #fixed: Account | undefined;

  constructor(file: AccountsStore | undefined, fixed: Account | undefined) {
    this.#file = file;
    this.#fixed = fixed;
  }

  find(name: string): Account | undefined {
    return this.#fixed?.name === canonicalName(name) ? this.#fixed : this.#file?.find(name);
  }

  list(): readonly Account[] {
    const others = (this.#file?.list() ?? []).filter(({ name }) => name !== this.#fixed?.name);
    return this.#fixed ? [...others, this.#fixed] : others;
  }
}
