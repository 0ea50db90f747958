/**
 * What is on stable storage, as far as the system can tell: fsync(2) of files and of the directories that have their
 * names.
 *
 * @module
 */

import { dirname } from "@std/path";
import { hasCode } from "./errors.ts";

/**
 * When files are synced. `never`: the system writes them when it sees fit, within about half a minute. `close`: before
 * the end of an upload is reported, the file and then the directory that has its name.
 */
export type Fsync = "never" | "close";

/** Syncs the directories that have the names at the real paths `paths`. */
export async function syncDirectoriesOf(...paths: readonly string[]): Promise<void> {
  for (const directory of new Set(paths.map((path) => dirname(path)))) await syncDirectory(directory);
}

/** Windows has no way to do this; it writes names to a log of its own. */
async function syncDirectory(directory: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using handle = await Deno.open(directory, { read: true });
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems cannot do it for directories; most of those write names at once (fsync(2): EINVAL).
    if (!hasCode(error, "EINVAL")) throw error;
  }
}
