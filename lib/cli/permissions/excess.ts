/**
 * Handles permissions beyond the needed ones: a warning or a refusal before the start; afterwards they are dropped.
 *
 * @module
 */

import { IS_BUILT } from "../../version.ts";
import type { GuardedRoot } from "./guarded.ts";
import { isGranted, type Need, PERMISSION_KINDS, permissionFlags, sysPermission } from "./query.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

/** Flags that grant all of a kind although `needs` contain only a part of it, or nothing. */
function excessFlags(needs: readonly Need[]): string[] {
  const wanted = new Set(permissionFlags(needs));
  return PERMISSION_KINDS
    .filter((name) => isGranted({ permission: { name } }))
    .map((name) => `--allow-${name}`)
    .filter((flag) => !wanted.has(flag));
}

/**
 * Compares the granted permissions with `needs`. Returns a warning if far too much is granted: all of a kind instead of
 * a part. The standalone executable is built with the permissions for any configuration, which its users cannot change.
 * The roots in `guarded` need all permissions.
 *
 * @throws {UsageError} instead of the warning with `strictPermissions`.
 */
export function judgeExcess(
  needs: readonly Need[],
  { strictPermissions }: Settings,
  [guarded]: readonly GuardedRoot[] = [],
): string | undefined {
  if (IS_BUILT) {
    if (!strictPermissions) return undefined;
    throw new UsageError('Flag "--strict-permissions" is for "deno run": a build comes with its permissions');
  }
  if (guarded !== undefined) return judgeGuarded(guarded, strictPermissions);
  const excess = excessFlags(needs);
  if (excess.length === 0) return undefined;
  const message = `Deno grants far more than is needed (${excess.join(" ")}): start with ${
    permissionFlags(needs).join(" ")
  }`;
  if (strictPermissions) throw new UsageError(message);
  return message;
}

function judgeGuarded({ name, rootPath, guarded }: GuardedRoot, strictPermissions: boolean): string {
  const where = `the root "${rootPath}" of account "${name}" is below ${guarded}, where Deno wants all`;
  if (strictPermissions) {
    throw new UsageError(`Flag "--strict-permissions": ${where} permissions; choose a directory elsewhere`);
  }
  return `Keeps all permissions while it runs: ${where} of them; choose a directory elsewhere to have them dropped`;
}

/**
 * Drops, for the rest of the process, the permissions that a running server does not need. Returns the names of the
 * dropped ones. These are kept: `net`, `read`, and `sys` for the free space and the priority of threads, which cannot
 * be separated if all of `sys` is granted.
 *
 * @param options `write`: whether an account may ever write, or the xferlog is written. `ffi`: whether that is given up
 * later, by {@link giveUpLibrary}. `run`: whether hooks in a process may have to be started again. Default `false`.
 */
export function giveUpPermissions(
  kept: { readonly write: boolean; readonly ffi?: boolean; readonly run?: boolean },
): string[] {
  const kinds = (["run", "ffi", "env", "import", "write"] as const).filter((name) =>
    (name !== "write" && name !== "ffi" && name !== "run") || !kept[name]
  );
  for (const name of kinds) Deno.permissions.revokeSync({ name });
  if (isGranted({ permission: { name: "sys" } })) return kinds;
  const identity = ["uid", "gid", "setuid", "setgid"] as const;
  for (const kind of identity) Deno.permissions.revokeSync(sysPermission(kind));
  return [...kinds, ...identity.map((kind) => `sys=${kind}`)];
}

/** The rest of {@link giveUpPermissions}. */
export function giveUpLibrary(): void {
  Deno.permissions.revokeSync({ name: "ffi" });
}
