/**
 * Paths on a server. They are relative to the directory of the login unless they begin with a slash.
 *
 * @module
 */

/** `name` in the directory `path`. */
export function joinRemote(path: string, name: string): string {
  if (path === "" || name === "") return path + name;
  return path.endsWith("/") ? path + name : `${path}/${name}`;
}

/** The last name of a path; empty for the directory of the login and for the root. */
export function remoteName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The directory that has {@link remoteName}. */
export function remoteParent(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash === 0 ? "/" : path.slice(0, Math.max(0, slash));
}

/** As an argument of LIST, which takes a leading dash for options. */
export function listArgument(path: string): string | undefined {
  if (path === "") return undefined;
  return path.startsWith("-") ? `./${path}` : path;
}
