/**
 * The `perm` fact of MLSx: what the session may do with an entry (RFC 3659 section 7.5.5), from the rules that will be asked.
 *
 * @module
 */

import { permFact } from "../protocol/mlsx.ts";
import type { Permission, PermissionGrant } from "../vfs/permissions.ts";
import type { EntryKind } from "../vfs/vfs.ts";

/** Letters for entries of a kind with a grant; made once for both, as a listing asks for every line. */
export function makePermFacts(): (grant: PermissionGrant, kind: EntryKind) => string {
  const known = new Map<PermissionGrant, Map<EntryKind, string>>();
  return (grant, kind) => {
    let byKind = known.get(grant);
    if (!byKind) known.set(grant, byKind = new Map());
    let letters = byKind.get(kind);
    if (letters === undefined) byKind.set(kind, letters = permLetters(grant, kind));
    return letters;
  };
}

/** Letters for one entry. */
export function permLetters({ allow, overwrite }: PermissionGrant, kind: EntryKind): string {
  const has = (permission: Permission) => allow.has(permission);
  return permFact(kind, {
    append: has("append"),
    create: has("write"),
    delete: has(kind === "directory" ? "rmdir" : "delete"),
    enter: allow.size > 0,
    rename: has("rename"),
    list: has("list"),
    makeDirectory: has("mkdir"),
    purge: has("delete"),
    read: has("read"),
    write: has("write") && overwrite,
  });
}
