/**
 * The root of an account, as it is written: a path, or a URL whose scheme names the driver that has the files.
 *
 * @module
 */

import { fromFileUrl, resolve } from "@std/path";

/** A single letter is the drive of a Windows path. */
const SCHEME = /^([a-z][a-z0-9+.-]+):/i;

/** The root of an account that has nothing but mounts. */
export const EMPTY_ROOT = "empty:";

/** The scheme of `root` in lower case, such as `memory`; `undefined` for a path. */
export function schemeOf(root: string): string | undefined {
  return SCHEME.exec(root)?.[1]?.toLowerCase();
}

/**
 * `root` in the form that does not depend on where it was written: an absolute path for a path, which is relative to
 * `directory`, and for `file:///…`; any other URL as it is. Two accounts with the same result share their files.
 *
 * @throws {RangeError} for a `file:` URL that names no local path.
 */
export function resolveRoot(root: string, directory: string): string {
  const scheme = schemeOf(root);
  if (scheme === undefined) return resolve(directory, root);
  if (scheme !== "file") return root;
  if (/^file:\/\/\//i.test(root)) return resolve(fromFileUrl(root));
  throw new RangeError(`Must be a path, or a URL such as "file:///srv/ftp": "${root}"`);
}

/** Where the name of the account goes; `%%u` is the text `%u`. */
const NAME_PLACES = /%%u|%u/g;

/**
 * `root` with `name` in place of `%u`: always one name in a path, never a way out of it.
 *
 * @throws {RangeError} if `root` has a `%u`, and `name` is not the name of a directory everywhere: with `/`, `\\` or
 * `:`, or only dots.
 */
export function nameInRoot(root: string, name: string): string {
  const isUrl = schemeOf(root) !== undefined;
  return root.replace(NAME_PLACES, (place) => {
    if (place === "%%u") return "%u";
    if (/[/\\:\0]/.test(name) || /^\.*$/.test(name)) {
      throw new RangeError(`Has %u, and ${JSON.stringify(name)} cannot be the name of a directory: write the root out`);
    }
    return isUrl ? encodeURIComponent(name) : name;
  });
}
