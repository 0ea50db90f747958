/**
 * Remote directories, made level by level and removed from below.
 *
 * @module
 */

import type { Client } from "../../client/client.ts";
import { ClientError } from "../../client/errors.ts";
import { type Job, part, retriesOf } from "./job.ts";
import { isDirectory } from "./look.ts";
import { joinRemote } from "./paths.ts";
import { settle } from "./settle.ts";
import type { TreeEntry } from "./tree.ts";

/** Makes `path` and the directories above it. What is there already is no failure. */
export async function makeDirectories(job: Job, path: string): Promise<void> {
  const names = path.split("/");
  for (let count = 1; count <= names.length; count++) {
    const above = names.slice(0, count).join("/");
    if (above !== "") await makeDirectory(job, above);
  }
}

/** Makes `path` unless it is there. */
export async function makeDirectory(job: Job, path: string): Promise<void> {
  const isNew = await job.crew.run((client) => tryToMake(client, path), retriesOf(job, path));
  if (isNew) job.report.emit({ event: "done", action: "mkdir", path });
}

/** Servers answer 550 or 521 for what exists, and 550 for everything else too: only going there tells. */
async function tryToMake(client: Client, path: string): Promise<boolean> {
  try {
    await client.makeDirectory(path);
    return true;
  } catch (error) {
    if (!(error instanceof ClientError && error.kind === "reply" && (error.code ?? 0) >= 500)) throw error;
    if (await isDirectory(client, path)) return false;
    throw error;
  }
}

/** Removes `entries`, which are all that `root` has, and `root` itself: files first, then the deepest directories. */
export async function removeTree(job: Job, root: string, entries: readonly TreeEntry[]): Promise<void> {
  const paths = (isDirectory: boolean) =>
    entries.filter(({ kind }) => (kind === "directory") === isDirectory).map(({ path }) => joinRemote(root, path));
  await removeAll(job, paths(false), (client, path) => client.remove(path));
  await removeDirectories(job, [...paths(true), root]);
}

/** Removes files or links. */
export async function removeFiles(job: Job, paths: readonly string[]): Promise<void> {
  await removeAll(job, paths, (client, path) => client.remove(path));
}

/** Removes directories, which are empty when those below them are gone. */
export async function removeDirectories(job: Job, paths: readonly string[]): Promise<void> {
  const levels = Map.groupBy(paths, (path) => path.split("/").length);
  for (const depth of [...levels.keys()].toSorted((a, b) => b - a)) {
    await removeAll(job, levels.get(depth) ?? [], (client, path) => client.removeDirectory(path));
  }
}

async function removeAll(
  job: Job,
  paths: readonly string[],
  remove: (client: Client, path: string) => Promise<void>,
): Promise<void> {
  await settle(paths.map((path) =>
    part(job, path, async () => {
      await job.crew.run((client) => remove(client, path), retriesOf(job, path));
      job.report.emit({ event: "done", action: "delete", path });
    })
  ));
}
