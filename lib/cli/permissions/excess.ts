/**
 * What becomes of permissions beyond the needed ones: a warning or a refusal before the start; after it they are given up.
 *
 * @module
 */

import { isGranted, type Need, PERMISSION_KINDS, permissionFlags, sysPermission } from "./query.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

/** Flags that grant all of a kind though `needs` have only a part of it in them, or nothing. */
function excessFlags(needs: readonly Need[]): string[] {
  const wanted = new Set(permissionFlags(needs));
  return PERMISSION_KINDS
    .filter((name) => isGranted({ permission: { name } }))
    .map((name) => `--allow-${name}`)
    .filter((flag) => !wanted.has(flag));
}

/**
 * Holds what is granted against `needs`. Gives a warning where it is far too much: all of a kind instead of a part.
 * The standalone executable is built with what any configuration may need, which nobody who starts it can change.
 *
 * @throws {UsageError} instead of the warning with `strictPermissions`.
 */
export function judgeExcess(needs: readonly Need[], { strictPermissions = false }: Settings): string | undefined {
  if (Deno.build.standalone) {
    if (!strictPermissions) return undefined;
    throw new UsageError('Flag "--strict-permissions" is for "deno run": the executable brings its permissions along');
  }
  const excess = excessFlags(needs);
  if (excess.length === 0) return undefined;
  const message = `Deno permits far more than is needed (${excess.join(" ")}): start with ${
    permissionFlags(needs).join(" ")
  }`;
  if (strictPermissions) throw new UsageError(message);
  return message;
}

/**
 * Gives up, for the rest of the process, what a server that has started has no use for. Gives the names of what is gone.
 * What stays: `net`, `read`, and `sys` for the free space and the priority of threads, which cannot be kept apart where all of `sys` is granted.
 *
 * @param options `write`: whether an account may ever write, or the xferlog is written.
 */
export function giveUpPermissions({ write }: { readonly write: boolean }): string[] {
  const kinds = (["run", "ffi", "env", "import", "write"] as const).filter((name) => name !== "write" || !write);
  for (const name of kinds) Deno.permissions.revokeSync({ name });
  if (isGranted({ permission: { name: "sys" } })) return kinds;
  const identity = ["uid", "gid", "setuid", "setgid"] as const;
  for (const kind of identity) Deno.permissions.revokeSync(sysPermission(kind));
  return [...kinds, ...identity.map((kind) => `sys=${kind}`)];
}
