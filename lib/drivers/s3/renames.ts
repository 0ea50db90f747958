/**
 * Renames in an object store, which has none: a copy, and the removal of the original once the copy is confirmed. A
 * crash in between leaves two, never none.
 *
 * @module
 */

import { VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import { StoreError } from "./errors.ts";
import { PartWriter, type WriterTools } from "./part_writer.ts";
import { directoryKey } from "./place.ts";
import type { ObjectHead, ObjectStore } from "./store.ts";
import { mapAtOnce, type S3Tree } from "./tree.ts";

/** Objects copied or removed at the same time. */
const AT_ONCE = 16;
/** Bytes of an object that can be copied by one request (CopyObject): 5 GiB. */
export const LARGEST_COPY = 5 * 1024 ** 3;

/** An object to be copied. Its ETag is from the object itself: a listing may have another one (OpenStack Swift). */
type Original = ObjectHead & { readonly key: string };

/** Gives the object `from` the key `to`, and replaces what is there. */
export async function moveObject(tools: WriterTools, from: Original, to: string): Promise<void> {
  await copyObject(tools, from, to);
  await tools.store.remove(from.key);
}

/**
 * Gives all objects below `from` keys below `to`, where nothing is.
 *
 * @throws {VfsError} `unsupported` if there are more than `limit`.
 */
export async function moveDirectory(
  tools: WriterTools,
  tree: S3Tree,
  { from, to, limit }: { readonly from: VirtualPath; readonly to: VirtualPath; readonly limit: number },
): Promise<void> {
  const originals: string[] = [];
  for await (const page of tree.below(from)) {
    originals.push(...page.map(({ key }) => key));
    if (originals.length <= limit) continue;
    const hint = `An object store renames file by file, and this directory has more than ${limit}: move it in parts`;
    throw new VfsError("unsupported", `More than ${limit} objects below "${from}"`, { hint });
  }
  const [start, target] = [directoryKey(tree.place, from), directoryKey(tree.place, to)];
  const copies: string[] = [];
  try {
    await mapAtOnce(originals, AT_ONCE, async (key) => {
      const original = await originalAt(tools.store, key);
      const copy = target + key.slice(start.length);
      copies.push(copy);
      await copyObject(tools, original, copy);
    });
  } catch (error) {
    // What cannot be removed is a second copy, of which the message to the client says nothing wrong.
    await mapAtOnce(copies, AT_ONCE, (key) => tools.store.remove(key).catch(() => {}));
    throw error;
  }
  await mapAtOnce(originals, AT_ONCE, (key) => tools.store.remove(key));
}

/** An object of a listing, as it is itself. */
async function originalAt(store: ObjectStore, key: string): Promise<Original> {
  const head = await store.head(key);
  if (!head) throw new VfsError("vanished", `Removed in the meantime: "${key}"`);
  return { ...head, key };
}

async function copyObject(tools: WriterTools, from: Original, to: string): Promise<void> {
  const { store } = tools;
  if (from.size <= LARGEST_COPY) await store.copy(from, to);
  else await copyInParts(tools, from, to);
  const copy = await store.head(to);
  if (copy?.size === from.size) return;
  throw new StoreError("The object store has not made the copy", { status: 200, code: "CopyMissing" });
}

async function copyInParts(tools: WriterTools, { key, etag, size, headers }: Original, to: string): Promise<void> {
  const writer = new PartWriter(tools, to, headers);
  try {
    await writer.copy({ key, etag, start: 0, end: size });
    await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
