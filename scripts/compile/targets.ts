/**
 * The systems that executables are built for.
 *
 * @module
 */

/** One of them, by the name that Deno and the compilers of its world have for it. */
export interface Target {
  readonly triple: string;
  /** Name of the executable. */
  readonly file: string;
  /** How release pages pack for it: what unpacks with a double click there, and keeps the file executable. */
  readonly archive: "tar.gz" | "zip";
}

/** Every system with a base runtime from Deno. */
export const TARGETS: readonly Target[] = [
  { triple: "x86_64-unknown-linux-gnu", file: "denoftpd", archive: "tar.gz" },
  { triple: "aarch64-unknown-linux-gnu", file: "denoftpd", archive: "tar.gz" },
  { triple: "x86_64-apple-darwin", file: "denoftpd", archive: "tar.gz" },
  { triple: "aarch64-apple-darwin", file: "denoftpd", archive: "tar.gz" },
  { triple: "x86_64-pc-windows-msvc", file: "denoftpd.exe", archive: "zip" },
];

/**
 * The targets that `--target` names: one, `all`, or without it the system we are on.
 *
 * @throws {RangeError} for a name that is none.
 */
export function selectTargets(name: string = Deno.build.target): readonly Target[] {
  if (name === "all") return TARGETS;
  const found = TARGETS.filter(({ triple }) => triple === name);
  if (found.length === 0) {
    throw new RangeError(`Target must be all, ${TARGETS.map(({ triple }) => triple).join(", ")}, not "${name}"`);
  }
  return found;
}
