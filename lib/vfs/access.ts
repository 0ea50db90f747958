/**
 * The access-scoped view: checks every operation against path rules before it reaches the driver.
 *
 * Rules apply to the path as requested. A link inside the root gives its target a second path, with the rights of
 * *that* path; if both trusting and untrusting rules cover a tree with such links, the disk driver's `symlinks: "deny"`
 * closes the gap.
 *
 * @module
 */

import { ForwardingVfs, guardExtras } from "./forwarding.ts";
import type { AccessGrant, AccessRight, AccessRule } from "./access_rules.ts";
import { NO_RIGHTS, type PlacedRule, PlacedRules } from "./placed_rules.ts";
import { requireFits } from "./tree_fit.ts";
import {
  type AccountRefusal,
  type Entry,
  type FileSink,
  type FileSource,
  keepsContent,
  type OpenWriteOptions,
  type Removed,
  type RenameOptions,
  type Vfs,
  type VfsCapabilities,
  VfsError,
  type VirtualPath,
} from "./vfs.ts";
import { parentOf, ROOT } from "./virtual_path.ts";

/** A view that can report beforehand what it would allow. */
export interface ScopedVfs extends Vfs {
  /** Whether the rules give `permission` at `path`, existing or not. */
  can(path: VirtualPath, permission: AccessRight): boolean;
  /** What the log says where {@link can} is `false`. */
  missing(path: VirtualPath, permission: AccessRight): AccountRefusal;
  /**
   * Whether the rules allow knowing what is at `path`, or that nothing is: a right to list or read there, or to list
   * the parent directory. Otherwise every check is `denied`, whether or not something is there.
   */
  sees(path: VirtualPath): boolean;
  /**
   * Fails if `path` is not a directory that can be entered: `notDirectory`, `denied` and whatever `stat` fails with. A
   * directory that may not be seen can be entered if any right applies, existing or not: refusing only the missing ones
   * would reveal which exist.
   */
  enter(path: VirtualPath): Promise<void>;
  /**
   * A text that identifies the file at `path` in its current state, whatever the rules allow to see; `undefined`
   * without a file whose time can be set. For {@link setModifiedOfOwn}, never for a client. Never rejects.
   *
   * @param options `timed`: a file with another time is another one. The system gives the number of a file that was
   *   replaced to the next but one of that name, which may have its size as well.
   */
  identify(path: VirtualPath, options?: { readonly timed?: boolean }): Promise<string | undefined>;
  /**
   * Sets the time of a file without the right to `modify` it, if `isOwn` is true for the result of {@link identify};
   * `denied` otherwise.
   */
  setModifiedOfOwn(
    path: VirtualPath,
    modified: number,
    isOwn: (file: string) => boolean | Promise<boolean>,
  ): Promise<void>;
  /** Everything that may be done at `path`; the same object for paths that the same rule decides. */
  grantAt(path: VirtualPath): AccessGrant;
  /** {@link grantAt} for the entries of `directory` by name: cheap enough for every line of a listing. */
  grantsIn(directory: VirtualPath): (name: string) => AccessGrant;
}

/** The options of {@link scopeVfs}. */
export interface ScopeOptions {
  /** The last rule that covers a path decides; without one, nothing is allowed. */
  readonly rules: readonly AccessRule[];
}

/**
 * A view of `inner` that allows what the rules allow.
 *
 * @throws {VfsError} `badName`, if the path of a rule is invalid.
 */
export function scopeVfs(inner: Vfs, options: ScopeOptions): ScopedVfs {
  return new PermissionScope(inner, options.rules);
}

/** The rights that capabilities need at their path, where it is not the right to modify. */
const RIGHTS: Partial<Readonly<Record<keyof VfsCapabilities, AccessRight>>> = { reserve: "write", digests: "read" };

class PermissionScope extends ForwardingVfs implements ScopedVfs {
  readonly #rules: PlacedRules;
  readonly #capabilities: VfsCapabilities;

  constructor(inner: Vfs, rules: readonly AccessRule[]) {
    super(inner);
    this.#rules = new PlacedRules(rules, inner.capabilities.samePath);
    this.#capabilities = this.#guardExtras(inner.capabilities);
  }

  override get capabilities(): VfsCapabilities {
    return this.#capabilities;
  }

  can(path: VirtualPath, permission: AccessRight): boolean {
    return this.#ruleAt(path).allow.has(permission);
  }

  missing(path: VirtualPath, right: AccessRight): AccountRefusal {
    const rule = this.#ruleAt(path);
    return { path, right, ...(rule !== NO_RIGHTS && { rule: rule.path }) };
  }

  grantAt(path: VirtualPath): AccessGrant {
    return this.#ruleAt(path);
  }

  grantsIn(directory: VirtualPath): (name: string) => AccessGrant {
    return this.#rules.in(directory);
  }

  sees(path: VirtualPath): boolean {
    const { allow } = this.#ruleAt(path);
    if (allow.has("list") || allow.has("read")) return true;
    return allow.size > 0 && (path === ROOT || this.can(parentOf(path), "list"));
  }

  async enter(path: VirtualPath): Promise<void> {
    if (this.#ruleAt(path).allow.size === 0) throw this.#denied(path, "list", "seen");
    if (!this.sees(path)) return;
    const { kind, closed } = await this.inner.stat(path);
    if (kind !== "directory") throw new VfsError("notDirectory", `Not a directory: "${path}"`);
    if (closed) throw new VfsError("denied", `Not accessible to this process: "${path}"`);
  }

  async identify(path: VirtualPath, { timed = false } = {}): Promise<string | undefined> {
    if (!this.inner.capabilities.setModified) return undefined;
    try {
      const { kind, unique, size, modified } = await this.inner.stat(path);
      return kind === "file" ? JSON.stringify([path, unique, size, timed ? modified : undefined]) : undefined;
    } catch {
      // It is already gone, or cannot be looked at.
      return undefined;
    }
  }

  async setModifiedOfOwn(
    path: VirtualPath,
    modified: number,
    isOwn: (file: string) => boolean | Promise<boolean>,
  ): Promise<void> {
    const file = await this.identify(path);
    if (file === undefined || !await isOwn(file)) throw this.#denied(path, "modify");
    await this.inner.capabilities.setModified?.(path, modified);
  }

  override async stat(path: VirtualPath): Promise<Entry> {
    if (!this.sees(path)) throw this.#denied(path, "list", "seen");
    return await this.inner.stat(path);
  }

  override async *list(path: VirtualPath): AsyncGenerator<readonly Entry[], void> {
    this.#require(path, "list");
    yield* this.inner.list(path);
  }

  override async *names(path: VirtualPath): AsyncGenerator<readonly string[], void> {
    this.#require(path, "list");
    yield* this.inner.names(path);
  }

  override async openRead(path: VirtualPath, offset?: number): Promise<FileSource> {
    this.#require(path, "read");
    return await this.inner.openRead(path, offset);
  }

  override async openWrite(path: VirtualPath, options: OpenWriteOptions = {}): Promise<FileSink> {
    const { allow, overwrite } = this.#ruleAt(path);
    // A range that begins at the first byte can overwrite the whole file.
    const mayReplaceAll = !keepsContent(options) || (options.keep === true && !options.offset && !overwrite);
    if (mayReplaceAll) {
      this.#require(path, "write");
      // With `exclusive` the driver decides at the open itself, so that no file can appear in between. The answer is
      // `exists`: the user may write here, and learns that another name would work.
      return await this.inner.openWrite(path, overwrite ? options : { ...options, exclusive: true });
    }
    if (allow.has("write") && allow.has("append")) return await this.inner.openWrite(path, options);
    if (allow.has("append")) return await this.#openExisting(path, options);
    this.#require(path, "write");
    return await this.#openNew(path, options);
  }

  override async mkdir(path: VirtualPath): Promise<void> {
    this.#require(path, "mkdir");
    await this.inner.mkdir(path);
  }

  override async rmdir(path: VirtualPath): Promise<void> {
    this.#require(path, "rmdir");
    await this.inner.rmdir(path);
  }

  override async remove(path: VirtualPath): Promise<Removed | undefined> {
    this.#require(path, "delete");
    return await this.inner.remove(path);
  }

  override async rename(from: VirtualPath, to: VirtualPath, options?: RenameOptions): Promise<Removed | undefined> {
    this.#require(from, "rename");
    this.#require(to, "rename");
    this.inner.capabilities.checkMove?.(from, to);
    if (this.#rules.gainsRights(from, to)) throw this.#denied(from, "rename", "moved to where more is allowed");
    await requireFits(this.inner, from, to);
    const { allow, overwrite } = this.#ruleAt(to);
    const mayReplace = overwrite && allow.has("write");
    return await this.inner.rename(from, to, mayReplace ? options : { ...options, exclusive: true });
  }

  /** Appends without the right to create files. */
  async #openExisting(path: VirtualPath, options: OpenWriteOptions): Promise<FileSink> {
    try {
      return await this.inner.openWrite(path, { ...options, existing: true });
    } catch (error) {
      if (error instanceof VfsError && error.kind === "notFound") throw this.#denied(path, "write", "made");
      throw error;
    }
  }

  /** Appends without the right to change existing files: only a new file is left. */
  async #openNew(path: VirtualPath, options: OpenWriteOptions): Promise<FileSink> {
    try {
      return await this.inner.openWrite(path, { ...options, exclusive: true });
    } catch (error) {
      if (error instanceof VfsError && error.kind === "exists") throw this.#denied(path, "append", "added to");
      throw error;
    }
  }

  #ruleAt(path: VirtualPath): PlacedRule {
    return this.#rules.at(path);
  }

  #require(path: VirtualPath, permission: AccessRight): void {
    if (!this.can(path, permission)) throw this.#denied(path, permission);
  }

  #denied(path: VirtualPath, right: AccessRight, what = `used without the right to ${right}`): VfsError {
    return new VfsError("denied", `Must not be ${what}: "${path}"`, { account: this.missing(path, right) });
  }

  #guardExtras(capabilities: VfsCapabilities): VfsCapabilities {
    const { space } = capabilities;
    return {
      ...guardExtras(capabilities, (path, extra) => this.#require(path, RIGHTS[extra] ?? "modify")),
      ...(space && { space: async (path: VirtualPath) => await space(this.#placeOfSpace(path)) }),
    };
  }

  /** Where nothing may be seen, space is reported for the place at which the rule begins, for every name below it. */
  #placeOfSpace(path: VirtualPath): VirtualPath {
    const rule = this.#ruleAt(path);
    if (rule.allow.size === 0) throw this.#denied(path, "list", "seen");
    return this.sees(path) ? path : rule.path;
  }
}
