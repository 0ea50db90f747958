/**
 * The file-system view of each account: what the embedder opened, with quota, digests, upload policy and access rules
 * around it.
 *
 * @module
 */

import { type Account, accountOfMount, rulesOf } from "../auth/accounts.ts";
import type { MaybeLater } from "../vfs/upload_locks.ts";
import type { OpenFileSystem } from "../options.ts";
import { withCreationModes } from "../vfs/creation_modes.ts";
import { withDigests } from "../vfs/digests.ts";
import { type ScopedVfs, scopeVfs } from "../vfs/access.ts";
import { withSizeLimit } from "../vfs/size_limit.ts";
import { withUploadPolicy } from "../vfs/uploads.ts";
import { type Vfs, VfsError } from "../vfs/vfs.ts";
import { resolvePath, ROOT } from "../vfs/virtual_path.ts";
import type { SharedState } from "../options/shared_state.ts";
import { nameFilterOf } from "./name_patterns.ts";

/** The files of an account. */
class AccountFiles {
  /** What the embedder opened. */
  readonly #driver: Vfs;
  /** With everything around it. */
  readonly #view: ScopedVfs;
  /** A look at the root that is under way. */
  #look: Promise<ScopedVfs> | undefined;

  constructor(driver: Vfs, view: ScopedVfs) {
    this.#driver = driver;
    this.#view = view;
  }

  /**
   * The view. Rejects where no name in the root can be used now; the rules of the account, which may close the root,
   * are not asked. Logins at the same moment share a look.
   */
  enter(): Promise<ScopedVfs> {
    return this.#look ??= this.#lookAtRoot();
  }

  #lookAtRoot(): Promise<ScopedVfs> {
    return this.#driver.stat(ROOT).then(({ kind, closed }) => {
      this.#look = undefined;
      if (kind === "directory" && !closed) return this.#view;
      throw new VfsError("denied", "The root cannot be entered");
    }, (error) => {
      this.#look = undefined;
      throw error;
    });
  }
}

/** What accounts with the same root have in common. */
export type SharedTrees = Pick<SharedState, "usageOf" | "digests">;

/**
 * Sessions of one account share a view, which has no state of theirs. A reloaded accounts file brings new account
 * objects, and so new views; sessions that are open keep theirs. The code for what few accounts have is loaded with the
 * first of them.
 */
export class AccountViews {
  readonly #open: OpenFileSystem;
  readonly #files = new WeakMap<Account, MaybeLater<AccountFiles>>();
  readonly #shared: SharedTrees;

  constructor(open: OpenFileSystem, shared: SharedTrees) {
    this.#open = open;
    this.#shared = shared;
  }

  /**
   * The account's view. Rejects where its files cannot be opened or its root cannot be entered now; a failure is not
   * remembered.
   */
  of(account: Account): Promise<ScopedVfs> {
    const files = this.#files.get(account) ?? this.#begin(account);
    return files instanceof Promise ? files.then((made) => made.enter()) : files.enter();
  }

  #begin(account: Account): Promise<AccountFiles> {
    const files = this.#make(account);
    this.#files.set(account, files);
    files.then((made) => this.#files.set(account, made), () => this.#files.delete(account));
    return files;
  }

  async #make(account: Account): Promise<AccountFiles> {
    const driver = await this.#open(account);
    const mounts = await Promise.all(account.mounts.map(async (mount) => {
      const alone = accountOfMount(account, mount);
      return { at: resolvePath(ROOT, mount.at), vfs: await this.#equip(await this.#open(alone), alone) };
    }));
    let vfs = await this.#equip(driver, account);
    if (mounts.length > 0) vfs = (await import("../vfs/mounts/mounts.ts")).withMounts(vfs, mounts);
    const filter = nameFilterOf(account);
    if (filter) vfs = (await import("../vfs/name_filter.ts")).withNameFilter(vfs, filter);
    return new AccountFiles(driver, scopeVfs(vfs, { rules: rulesOf(account) }));
  }

  /** The tree of one root, with what depends on it. */
  async #equip(driver: Vfs, account: Account): Promise<Vfs> {
    const { umask: files, directoryUmask: directories, maxFileSize } = account;
    let vfs = driver;
    if (files !== undefined || directories !== undefined) vfs = withCreationModes(vfs, { files, directories });
    if (account.quota !== undefined) {
      const { withQuota } = await import("../vfs/quota.ts");
      vfs = withQuota(vfs, { limit: account.quota, usage: this.#shared.usageOf(account.rootPath) });
    }
    if (maxFileSize !== undefined) vfs = withSizeLimit(vfs, maxFileSize);
    vfs = withDigests(vfs, { memory: this.#shared.digests, root: account.rootPath });
    return withUploadPolicy(vfs, { mode: account.uploads, broken: account.brokenUploads });
  }
}
