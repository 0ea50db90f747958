/**
 * The `perm` fact of MLSx: what the session may do with an entry (RFC 3659 section 7.5.5), from the rules that will be asked.
 *
 * @module
 */

import { permFact } from "../protocol/mlsx.ts";
import type { Permission } from "../vfs/permissions.ts";
import type { ScopedVfs } from "../vfs/scoped.ts";
import type { EntryKind, VirtualPath } from "../vfs/vfs.ts";

/** Letters for an entry; made once per set of rights and kind, as a listing asks for every line. */
export function makePermFacts(vfs: ScopedVfs): (path: VirtualPath, kind: EntryKind) => string {
  const known = new Map<ReadonlySet<Permission>, Map<string, string>>();
  return (path, kind) => {
    const rights = vfs.permissionsAt(path);
    const overwrite = vfs.mayOverwrite(path);
    const key = overwrite ? kind : `${kind} kept`;
    let byKind = known.get(rights);
    if (!byKind) known.set(rights, byKind = new Map());
    let letters = byKind.get(key);
    if (letters === undefined) byKind.set(key, letters = lettersOf(rights, kind, overwrite));
    return letters;
  };
}

function lettersOf(rights: ReadonlySet<Permission>, kind: EntryKind, overwrite: boolean): string {
  const has = (permission: Permission) => rights.has(permission);
  return permFact(kind, {
    append: has("append"),
    create: has("write"),
    delete: has(kind === "directory" ? "rmdir" : "delete"),
    enter: rights.size > 0,
    rename: has("rename"),
    list: has("list"),
    makeDirectory: has("mkdir"),
    purge: has("delete"),
    read: has("read"),
    write: has("write") && overwrite,
  });
}
