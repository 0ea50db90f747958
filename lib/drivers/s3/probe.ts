/**
 * What a store can do beyond the core, found out by trying it on an object of our own.
 *
 * @module
 */

import { StoreError } from "./errors.ts";
import type { Condition, ObjectStore } from "./store.ts";
import type { OpenUploads } from "./uploads.ts";

/** What a store can do. */
export interface StoreAbilities {
  /** PUT obeys `If-None-Match: *`. */
  readonly conditionalPut: boolean;
  /** CompleteMultipartUpload obeys `If-None-Match: *`. */
  readonly conditionalComplete: boolean;
  /** CompleteMultipartUpload obeys `If-Match`. */
  readonly conditionalReplace: boolean;
  /** A part may be a range of another object (UploadPartCopy). */
  readonly copiesParts: boolean;
}

/** A store of which nothing is known yet, or in which this server may not write. */
export const NO_ABILITIES: StoreAbilities = {
  conditionalPut: false,
  conditionalComplete: false,
  conditionalReplace: false,
  copiesParts: false,
};

const CONTENT = new TextEncoder().encode("This object is removed at once.");

/** Begins the name of an object on which a store is tried, below the prefix of a root. */
export const PROBE = ".denoftpd-probe-";

/** Tries what `store` can do on an object below `prefix`; it is removed again, by another server if this one dies. */
export async function probe(store: ObjectStore, uploads: OpenUploads, prefix: string): Promise<StoreAbilities> {
  const key = `${prefix}${PROBE}${crypto.randomUUID()}`;
  return await uploads.attempt(key, async (onRetry) => {
    await store.put(key, CONTENT);
    try {
      return {
        conditionalPut: await isRefused(store.put(key, CONTENT, { condition: { none: "*" } })),
        ...await probeMultipart(store, key, onRetry),
      };
    } finally {
      await store.remove(key);
    }
  });
}

async function probeMultipart(
  store: ObjectStore,
  key: string,
  onRetry: () => void,
): Promise<Omit<StoreAbilities, "conditionalPut">> {
  const etag = (await store.head(key))?.etag ?? "";
  const isRefusedFor = async (condition: Condition): Promise<boolean> => {
    const upload = { key, id: await store.begin(key, { onRetry }) };
    try {
      const etag = await store.upload(upload, 1, CONTENT);
      return await isRefused(store.complete(upload, [{ number: 1, etag, size: CONTENT.length }], condition));
    } finally {
      await store.abort(upload);
    }
  };
  const copiesParts = async (): Promise<boolean> => {
    const upload = { key, id: await store.begin(key, { onRetry }) };
    try {
      return await store.copyPart(upload, 1, { key, etag, start: 0, end: CONTENT.length }) !== "";
    } catch (error) {
      if (isUnable(error)) return false;
      throw error;
    } finally {
      await store.abort(upload);
    }
  };
  return {
    copiesParts: await copiesParts(),
    conditionalComplete: await isRefusedFor({ none: "*" }),
    // OpenStack Swift refuses every `If-Match` here, also that of the object which is there.
    conditionalReplace: await isRefusedFor({ match: "0".repeat(32) }) && !await isRefusedFor({ match: etag }),
  };
}

/** Whether the condition, which does not hold, was looked at. A store may also not know conditions at all. */
async function isRefused(write: Promise<void>): Promise<boolean> {
  try {
    await write;
    return false;
  } catch (error) {
    if (error instanceof StoreError && error.status === 412) return true;
    if (isUnable(error)) return false;
    throw error;
  }
}

/** Not implemented, or not allowed for anybody. */
function isUnable(error: unknown): boolean {
  return error instanceof StoreError && [400, 404, 405, 409, 501].includes(error.status);
}
