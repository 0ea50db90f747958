/**
 * `--anonymous DIR`: anyone may read, without an accounts file.
 *
 * @module
 */

import { type Account, type AccountsStore, ANONYMOUS, canonicalName, createAccount } from "../../auth/accounts.ts";
import { parseAccess } from "../../vfs/access_rules.ts";
import { resolveRoot } from "../../vfs/root_url.ts";

/** The account for `root`: list and read, nothing else. */
export function anonymousAccount(root: string): Account {
  const { allow, overwrite } = parseAccess("ro");
  const rootPath = resolveRoot(root, ".");
  return createAccount({ name: ANONYMOUS, rootPath, rules: [{ path: "/", allow, overwrite }] });
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
