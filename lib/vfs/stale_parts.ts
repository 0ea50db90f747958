/**
 * Finding what is left of uploads that were killed.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { ForwardingVfs } from "./forwarding.ts";
import {
  type Entry,
  type Outline,
  type Removed,
  type Vfs,
  type VfsCapabilities,
  VfsError,
  type VirtualPath,
} from "./vfs.ts";
import { isRunningPart, joinPath, ROOT } from "./virtual_path.ts";

/** What a sweep has removed. */
export interface Swept {
  /** How many were removed. */
  readonly files: number;
  /** What they had held. */
  readonly bytes: number;
}

/** Entries that are looked at without a pause: about two milliseconds of work on a disk. */
const ENTRIES_BETWEEN_RESTS = 256;
/** How many times as long as it has worked it rests: nobody waits for a sweep, and sessions have the rest. */
const REST_FOR_WORK = 4;
/** Milliseconds of the longest rest: where looking takes long, as over a network, it is not what others wait for. */
const LONGEST_REST = 20;

/**
 * Walks through all of `vfs` and removes the parts of uploads that no process writes to any more. Directories that
 * cannot be read are left out. Ends early, without an error, once `signal` is aborted.
 */
export async function sweepStaleParts(vfs: Vfs, signal: AbortSignal): Promise<Swept> {
  const { removeStale, outline = (path) => outlined(vfs.list(path)) } = vfs.capabilities;
  const found = { files: 0, bytes: 0 };
  let unrested = 0;
  let since = performance.now();
  const waiting: VirtualPath[] = removeStale ? [ROOT] : [];
  for (let directory = waiting.pop(); directory !== undefined && !signal.aborted; directory = waiting.pop()) {
    try {
      for await (const batch of outline(directory)) {
        for (const { name, isDirectory } of batch) {
          if (isDirectory) waiting.push(joinPath(directory, name));
          const removed = isRunningPart(name) ? await removeStale?.(joinPath(directory, name)) : undefined;
          if (removed) found.bytes += removed.size;
          if (removed) found.files++;
        }
        unrested += batch.length;
        if (unrested < ENTRIES_BETWEEN_RESTS) continue;
        unrested = 0;
        await delay(Math.min((performance.now() - since) * REST_FOR_WORK, LONGEST_REST));
        since = performance.now();
        if (signal.aborted) break;
      }
    } catch (error) {
      if (!(error instanceof VfsError)) throw error;
    }
  }
  return found;
}

async function* outlined(batches: AsyncIterable<readonly Entry[]>): AsyncGenerator<readonly Outline[], void> {
  for await (const batch of batches) yield batch.map(({ name, kind }) => ({ name, isDirectory: kind === "directory" }));
}

/** `inner`, whose every removal of a stale part is reported. */
export function reportingStaleParts(inner: Vfs, onRemoved: (path: VirtualPath, removed: Removed) => void): Vfs {
  return inner.capabilities.removeStale ? new ReportingVfs(inner, onRemoved) : inner;
}

class ReportingVfs extends ForwardingVfs {
  readonly #capabilities: VfsCapabilities;

  constructor(inner: Vfs, onRemoved: (path: VirtualPath, removed: Removed) => void) {
    super(inner);
    const { removeStale, ...others } = inner.capabilities;
    this.#capabilities = {
      ...others,
      ...(removeStale && {
        removeStale: async (path) => {
          const removed = await removeStale(path);
          if (removed) onRemoved(path, removed);
          return removed;
        },
      }),
    };
  }

  override get capabilities(): VfsCapabilities {
    return this.#capabilities;
  }
}
