/**
 * The rules of an account by the places that they apply to.
 *
 * @module
 */

import type { AccessGrant, AccessRule } from "./access_rules.ts";
import type { VfsCapabilities, VirtualPath } from "./vfs.ts";
import { isWithin, nameOf, parentOf, resolvePath, ROOT } from "./virtual_path.ts";

/** A rule and where it begins. */
export interface PlacedRule extends Omit<AccessRule, "path"> {
  readonly path: VirtualPath;
  /** {@link path} as the driver compares it. */
  readonly place: VirtualPath;
}

/** What applies where no rule does. */
export const NO_RIGHTS: PlacedRule = { path: ROOT, place: ROOT, allow: new Set(), overwrite: false };

/**
 * The rules, of which the last one that covers a path decides. Where a driver takes several paths for one place, they
 * apply to all of them: otherwise `/ARCHIVE` would be a way round the rule for `/archive`.
 */
export class PlacedRules {
  readonly #rules: readonly PlacedRule[];
  readonly #samePath: VfsCapabilities["samePath"];

  /** @throws {VfsError} `badName`, if the path of a rule is invalid. */
  constructor(rules: readonly AccessRule[], samePath: VfsCapabilities["samePath"]) {
    this.#samePath = samePath;
    this.#rules = rules.map((rule) => {
      const path = resolvePath(ROOT, rule.path);
      return { ...rule, path, place: this.#placeOf(path) };
    });
  }

  /** The rule that decides about `path`. */
  at(path: VirtualPath): PlacedRule {
    const place = this.#placeOf(path);
    return this.#rules.findLast((rule) => isWithin(place, rule.place)) ?? NO_RIGHTS;
  }

  /**
   * {@link at} for the entries of `directory` by name. The grant of the directory applies to all entries except those
   * at which a rule begins.
   */
  in(directory: VirtualPath): (name: string) => AccessGrant {
    const general = this.at(directory);
    const place = this.#placeOf(directory);
    const special = new Map<string, AccessGrant>();
    for (const rule of this.#rules) {
      if (rule.place !== ROOT && parentOf(rule.place) === place) special.set(nameOf(rule.place), this.at(rule.path));
    }
    // Looking up a name that was just read computes its hash: a tenth of the time of a listing.
    if (special.size === 0) return () => general;
    if (!this.#samePath) return (name) => special.get(name) ?? general;
    return (name) => special.get(nameOf(this.#placeOf(resolvePath(directory, name)))) ?? general;
  }

  /**
   * A move takes content to a place where the rules for its old paths no longer apply. Rights change only where a rule
   * begins, so these places and the top of the tree are all that need comparing.
   */
  gainsRights(from: VirtualPath, to: VirtualPath): boolean {
    const parts = new Set([""]);
    for (const { place } of this.#rules) {
      for (const top of [this.#placeOf(from), this.#placeOf(to)]) {
        if (isWithin(place, top)) parts.add(place.slice(top.length).replace(/^\//, ""));
      }
    }
    return [...parts].some((part) => {
      const before = this.at(resolvePath(from, part));
      const after = this.at(resolvePath(to, part));
      return !after.allow.isSubsetOf(before.allow) || (after.overwrite && !before.overwrite);
    });
  }

  #placeOf(path: VirtualPath): VirtualPath {
    return this.#samePath?.(path) ?? path;
  }
}
