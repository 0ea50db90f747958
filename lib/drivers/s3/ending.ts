/**
 * The end of a multipart upload that nobody goes on with.
 *
 * OpenStack Swift makes the object first and ends the upload after it (`s3api/controllers/multi_upload.py`). If its
 * proxy dies in between, there is an object whose content is the parts of an upload that is not over: to abort that
 * would take the content away. To complete it once more ends it, and changes nothing.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { unlessMissing } from "./errors.ts";
import type { ObjectStore, StoredPart, UploadName } from "./store.ts";

/** The ETag of an object in these parts, as Amazon's S3 and those that imitate it make it. */
export function etagOf(parts: readonly StoredPart[]): string {
  const digest = createHash("md5");
  for (const { etag } of parts) digest.update(Uint8Array.fromHex(/^[0-9a-f]{32}$/.test(etag) ? etag : ""));
  return `${digest.digest("hex")}-${parts.length}`;
}

/** Ends an upload: without an object, unless the object has its parts already. Succeeds if it is over. */
export async function endUpload(store: ObjectStore, upload: UploadName): Promise<void> {
  const parts = await store.parts(upload) ?? [];
  const object = parts.length > 0 ? await store.head(upload.key) : undefined;
  // An object may have been made of the first parts only: the others are of an attempt that broke off.
  const used = parts.slice(0, Number(/-(\d+)$/.exec(object?.etag ?? "")?.[1] ?? 0));
  if (used.length > 0 && object?.etag === etagOf(used)) await unlessMissing(store.complete(upload, used));
  else await store.abort(upload);
}
