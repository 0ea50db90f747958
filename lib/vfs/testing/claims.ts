/**
 * What a claim about a file-system view is made of.
 *
 * @module
 */

import type { Vfs, VfsCapabilities } from "../vfs.ts";

/** A driver to be tested: fresh, empty, and used for one claim only. */
export interface Subject {
  /** The driver, or a wrapper with a driver below it. */
  readonly vfs: Vfs;
  /** Makes a symbolic link at `path`, as there is no command for it; required of a driver that declares `links`. */
  readonly link?: (target: string, path: string) => Promise<void>;
  /** Called after the claim, whether or not it held. */
  readonly cleanup?: () => Promise<void>;
}

/** Claims by title; each rejects where it does not hold. */
export type Claims = Readonly<Record<string, (vfs: Vfs) => Promise<void>>>;

/** As {@link Claims}, with a function that makes links. */
export type LinkClaims = Readonly<
  Record<string, (vfs: Vfs, link: NonNullable<Subject["link"]>) => Promise<void>>
>;

/** The capability `name` of `vfs`, which declares it. */
export function capability<Name extends keyof VfsCapabilities>(
  vfs: Vfs,
  name: Name,
): NonNullable<VfsCapabilities[Name]> {
  const found = vfs.capabilities[name];
  if (found === undefined) throw new Error(`The capability "${name}" is missing`);
  return found;
}
