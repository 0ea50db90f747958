/**
 * The granted permissions of the runtime, queried before something is tried: a server must never stop to prompt, and a
 * refusal must name the missing flag.
 *
 * @module
 */

import { isAbsolute, relative, resolve } from "@std/path";
import { UsageError } from "../usage_error.ts";

/** The kinds of permissions, in the order in which flags are printed. */
export const PERMISSION_KINDS = ["net", "read", "write", "env", "sys", "run", "ffi", "import"] as const;

/** One of {@link PERMISSION_KINDS}. */
export type PermissionKind = typeof PERMISSION_KINDS[number];

/** A permission and its purpose. */
export interface Need {
  readonly permission: Deno.PermissionDescriptor;
  /** Completes the sentence "Deno does not permit …". */
  readonly purpose: string;
}

/** Listening on, or connecting to, `host`: an address for all its ports, `address:port` for one; absent: every host. */
export function needNet(host: string | undefined, purpose: string): Need {
  return { permission: { name: "net", ...(host !== undefined && { host }) }, purpose };
}

/** The ports of URLs that name none. */
const PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443, "ldap:": 389, "ldaps:": 636 };

/** Connecting to the service at `url`. */
export function needUrl({ hostname, port, protocol }: URL, purpose: string): Need {
  return needNet(`${hostname}:${port || PORTS[protocol]}`, purpose);
}

/** Reading `path` and everything below it. */
export function needRead(path: string, purpose: string): Need {
  return { permission: { name: "read", path: resolve(path) }, purpose };
}

/** Writing `path` and everything below it. */
export function needWrite(path: string, purpose: string): Need {
  return { permission: { name: "write", path: resolve(path) }, purpose };
}

/** Reading the environment variable `variable`. */
export function needEnv(variable: string, purpose: string): Need {
  return { permission: { name: "env", variable }, purpose };
}

/** Calling the functions of the library `path`, which are not restricted in any way. */
export function needFfi(path: string, purpose: string): Need {
  return { permission: { name: "ffi", path }, purpose };
}

/** Running the program `command`, and whatever that runs. */
export function needRun(command: string, purpose: string): Need {
  return { permission: { name: "run", command }, purpose };
}

/** What the system may be asked for; the runtime's types omit the two that `node:process` needs. */
export type SysKind = NonNullable<Deno.SysPermissionDescriptor["kind"]> | "setuid" | "setgid";

/** Asking the system for `kind`, or changing it. */
export function needSys(kind: SysKind, purpose: string): Need {
  return { permission: sysPermission(kind), purpose };
}

/** The permission to ask the system for `kind`, or to change it. */
export function sysPermission(kind: SysKind): Deno.SysPermissionDescriptor {
  // The cast is for the kinds that the types omit.
  return { name: "sys", kind } as Deno.SysPermissionDescriptor;
}

/** Whether it is granted, without prompting. */
export function isGranted({ permission }: Pick<Need, "permission">): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}

/** @throws {UsageError} naming the flags for all needs that are not granted. */
export function requireGrants(needs: Iterable<Need>): void {
  const missing = [...needs].filter((need) => !isGranted(need));
  if (missing.length === 0) return;
  const purposes = [...new Set(missing.map(({ purpose }) => purpose))];
  throw new UsageError(`Deno does not permit ${purposes.join("; ")}: add ${permissionFlags(missing).join(" ")}`);
}

/** The narrowest flags for `deno run` that grant all of `needs`, one per kind. */
export function permissionFlags(needs: Iterable<Need>): string[] {
  const scopes = new Map<PermissionKind, (string | undefined)[]>(PERMISSION_KINDS.map((kind) => [kind, []]));
  for (const { permission } of needs) scopes.get(permission.name)?.push(scopeOf(permission));
  return [...scopes].flatMap(([kind, wanted]) => {
    if (wanted.length === 0) return [];
    const named = wanted.filter((scope) => scope !== undefined);
    return named.length < wanted.length ? [`--allow-${kind}`] : [`--allow-${kind}=${widest(named).join(",")}`];
  });
}

/** The scope within the kind; `undefined` is all of it. */
function scopeOf(permission: Deno.PermissionDescriptor): string | undefined {
  switch (permission.name) {
    case "net":
      return permission.host;
    case "read":
    case "write":
    case "ffi":
      return permission.path === undefined ? undefined : String(permission.path);
    case "env":
      return permission.variable;
    case "sys":
      return permission.kind;
    case "run":
      return permission.command === undefined ? undefined : String(permission.command);
    default:
      return undefined;
  }
}

/** `scopes` without those that are covered by another one. */
function widest(scopes: readonly string[]): string[] {
  const unique = [...new Set(scopes)];
  return unique.filter((scope) => !unique.some((other) => other !== scope && covers(other, scope)));
}

function covers(outer: string, inner: string): boolean {
  if (inner.startsWith(`${outer}:`)) return true; // A host covers its ports.
  if (!isAbsolute(outer) || !isAbsolute(inner)) return false;
  const path = relative(outer, inner);
  return !path.startsWith("..") && !isAbsolute(path);
}
