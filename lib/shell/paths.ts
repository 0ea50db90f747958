/**
 * Paths of servers: `/` separates, whatever the system here.
 *
 * @module
 */

/** `path` seen from `directory`, which is absolute: without `.`, `..` and empty names. */
export function resolvePath(directory: string, path: string): string {
  const names: string[] = [];
  for (const name of (path.startsWith("/") ? path : `${directory}/${path}`).split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return `/${names.join("/")}`;
}

/** `path` up to its last `/`: `/` for what is right in the root, and empty for a name alone. */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash === 0 ? "/" : path.slice(0, Math.max(slash, 0));
}

/** The last name of `path`. */
export function nameOf(path: string): string {
  const whole = path.replace(/(?<=.)\/+$/, "");
  return whole.slice(whole.lastIndexOf("/") + 1);
}

/** `name` in `directory`, as people write it: the directory may be empty. */
export function joinPath(directory: string, name: string): string {
  if (directory === "") return name;
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}
