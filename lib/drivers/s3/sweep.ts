/**
 * Uploads that nobody goes on with, whose parts take space in the store and are in no listing, and what a server has
 * left that was killed while it tried out the store.
 *
 * @module
 */

import { StoreClient } from "./client.ts";
import { openCredentials } from "./credentials.ts";
import { endUpload } from "./ending.ts";
import { parseRoot, type S3Options } from "./place.ts";
import { PROBE } from "./probe.ts";
import { ObjectStore, type OpenUpload } from "./store.ts";

/** What a probe has after {@link PROBE}: a file of a user may begin in the same way. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Which uploads to look for, and what to do with them. */
export interface SweepOptions {
  /** Those that began before this moment, in milliseconds since 1970. */
  readonly before: number;
  /** `false`: they are only listed. */
  readonly ends: boolean;
}

/** What is in a store although it is no file. */
export interface Leftover extends Pick<OpenUpload, "key" | "begun"> {
  /** Unique over all leftovers of the store. */
  readonly name: string;
  /** It is no upload, but an object on which a server has tried the store. */
  readonly isObject: boolean;
}

/** The leftovers below `root`, whichever program has begun them. Each is ended before it is yielded, if wanted. */
export async function* sweepStore(
  root: string,
  options: S3Options,
  { before, ends }: SweepOptions,
): AsyncGenerator<Leftover, void> {
  const { bucket, prefix } = parseRoot(root);
  const store = new ObjectStore(new StoreClient({ ...options, bucket, provider: openCredentials(options) }));
  // All of them first: a store may lose its place in a list that changes.
  for (const upload of await Array.fromAsync(store.uploads(prefix))) {
    if (upload.begun >= before) continue;
    if (ends) await endUpload(store, upload);
    yield { ...upload, name: upload.id, isObject: false };
  }
  // One page: it takes a thousand servers that were killed in the first second of their first upload to fill it.
  for (const { key, modified } of (await store.list(prefix + PROBE)).objects) {
    if (modified >= before || !UUID.test(key.slice(prefix.length + PROBE.length))) continue;
    if (ends) await store.remove(key);
    yield { key, begun: modified, name: `${bucket} ${key}`, isObject: true };
  }
}
