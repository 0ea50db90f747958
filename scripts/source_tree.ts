/**
 * The files of a checkout, for the scripts that hold the source to its rules.
 *
 * @module
 */

import { join } from "@std/path";

/** One folder, and the paths of the files right in it, sorted. Both are relative to the root. */
export interface SourceFolder {
  readonly folder: string;
  readonly paths: readonly string[];
}

/** Yields each of `folders` below `root`, and every folder below them. */
export async function* foldersBelow(root: string, folders: readonly string[]): AsyncGenerator<SourceFolder> {
  const queue = [...folders];
  for (let folder = queue.shift(); folder !== undefined; folder = queue.shift()) {
    const paths: string[] = [];
    for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
      (isDirectory ? queue : paths).push(`${folder}/${name}`);
    }
    yield { folder, paths: paths.toSorted() };
  }
}
