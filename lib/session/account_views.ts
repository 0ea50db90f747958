/**
 * The file-system view of each account: what the embedder opened, with quota, upload policy and path rules around it.
 *
 * @module
 */

import type { Account } from "../auth/accounts.ts";
import type { OpenFileSystem } from "../options.ts";
import { withQuota } from "../vfs/quota.ts";
import { type ScopedVfs, scopeVfs } from "../vfs/scoped.ts";
import { withUploadPolicy } from "../vfs/uploads.ts";
import { usageMeters } from "../vfs/usage.ts";
import type { Vfs } from "../vfs/vfs.ts";
import type { Commons } from "./commons.ts";

/**
 * Sessions of one account share a view, which has no state of theirs. A reloaded accounts file brings new account objects, and so new
 * views; sessions that are open keep theirs.
 */
export class AccountViews {
  readonly #open: OpenFileSystem;
  readonly #views = new WeakMap<Account, ScopedVfs | Promise<ScopedVfs>>();
  readonly #usageOf: Commons["usageOf"];

  constructor(open: OpenFileSystem, usageOf: Commons["usageOf"] = usageMeters()) {
    this.#open = open;
    this.#usageOf = usageOf;
  }

  /** The account's view; a failure to open it is not remembered. */
  of(account: Account): ScopedVfs | Promise<ScopedVfs> {
    const known = this.#views.get(account);
    if (known) return known;
    const opening = this.#make(account);
    this.#views.set(account, opening);
    opening.then(
      (view) => this.#views.set(account, view),
      () => this.#views.delete(account),
    );
    return opening;
  }

  async #make(account: Account): Promise<ScopedVfs> {
    let vfs: Vfs = await this.#open(account);
    if (account.quota !== undefined) {
      vfs = withQuota(vfs, { limit: account.quota, usage: this.#usageOf(account.rootPath) });
    }
    vfs = withUploadPolicy(vfs, { mode: account.uploads, broken: account.brokenUploads });
    return scopeVfs(vfs, { rules: account.rules });
  }
}
