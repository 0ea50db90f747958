/**
 * The `perm` fact of MLSx: what the session may do with an entry (RFC 3659 section 7.5.5), from the rules that will be
 * asked.
 *
 * @module
 */

import { permFact } from "../../protocol/mlsx.ts";
import type { AccessGrant, AccessRight } from "../../vfs/access_rules.ts";
import type { Entry, EntryKind } from "../../vfs/vfs.ts";

/** The facts that letters depend on besides the grant. */
type Permitted = Pick<Entry, "kind" | "leadsTo" | "fixed">;

/**
 * Letters for entries with a grant; made once for all of a kind, as a listing asks for every line. Links and
 * mounts are rare enough to be asked anew.
 */
export function makePermFacts(): (grant: AccessGrant, entry: Permitted) => string {
  const known = new Map<AccessGrant, Map<EntryKind, string>>();
  return (grant, entry) => {
    if (entry.kind === "link" || entry.fixed) return permLetters(grant, entry);
    let byKind = known.get(grant);
    if (!byKind) known.set(grant, byKind = new Map());
    let letters = byKind.get(entry.kind);
    if (letters === undefined) byKind.set(entry.kind, letters = permLetters(grant, entry));
    return letters;
  };
}

/** Letters for one entry: DELE and RNFR act on a link itself, everything else on what it leads to. */
export function permLetters({ allow, overwrite }: AccessGrant, { kind, leadsTo, fixed }: Permitted): string {
  const has = (permission: AccessRight) => allow.has(permission);
  return permFact(leadsTo?.kind ?? kind, {
    append: has("append"),
    create: has("write"),
    delete: !fixed && has(kind === "directory" ? "rmdir" : "delete"),
    enter: allow.size > 0,
    rename: !fixed && has("rename"),
    list: has("list"),
    makeDirectory: has("mkdir"),
    purge: has("delete"),
    read: has("read"),
    write: has("write") && overwrite,
  });
}
