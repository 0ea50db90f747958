/**
 * Paths that the runtime guards: below them it permits nothing unless it permits everything, `--allow-read=/dev/shm`
 * included (measured on Deno 2.9.6: "Requires all access to …").
 *
 * @module
 */

import type { Account } from "../../auth/accounts.ts";

const GUARDED = ["/dev", "/proc", "/sys"] as const;

/** The guarded directory that `path`, links resolved, is in; `undefined` elsewhere. */
export function guardedPath(path: string): typeof GUARDED[number] | undefined {
  if (Deno.build.os === "windows") return undefined;
  const real = realPath(path);
  return GUARDED.find((guarded) => real === guarded || real.startsWith(`${guarded}/`));
}

/** A root, with the account whose it is. */
export interface GuardedRoot {
  readonly name: string;
  readonly rootPath: string;
  readonly guarded: string;
}

/** The guarded roots of enabled accounts and their mounts: they need all permissions for as long as the server runs. */
export function guardedRoots(accounts: Iterable<Account>): GuardedRoot[] {
  return [...accounts].filter(({ enabled }) => enabled).flatMap(({ name, rootPath, mounts }) =>
    [rootPath, ...mounts.map((mount) => mount.rootPath)].flatMap((rootPath) => {
      const guarded = guardedPath(rootPath);
      return guarded === undefined ? [] : [{ name, rootPath, guarded }];
    })
  );
}

function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}
