/**
 * Remembers the digests that a transfer has computed, so that HASH need not read the file again.
 *
 * @module
 */

import { isSame, type RunningDigest } from "../../data/digest/digest.ts";
import { type Entry, VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import type { CommandContext } from "../context.ts";
import { wantsDigests } from "./request.ts";

/**
 * Remembers the digests of an upload of the whole file, if the session has asked for digests: it costs a look at the
 * file. Resolves to its SHA-256.
 */
export async function rememberUpload(
  context: CommandContext,
  path: VirtualPath,
  digest: RunningDigest,
): Promise<string | undefined> {
  const digests = digest.finish();
  const entry = digests && wantsDigests(context) ? await lookAt(context, path) : undefined;
  if (entry && digests) context.vfs.capabilities.digests?.remember(path, entry, digests);
  return digests?.get("SHA-256");
}

/**
 * Remembers the digests of a download of the whole file, if it is still the file that it was `before`. Resolves to its
 * SHA-256.
 */
export async function rememberDownload(
  context: CommandContext,
  path: VirtualPath,
  digest: RunningDigest,
  before: Entry | undefined,
): Promise<string | undefined> {
  const digests = digest.finish();
  const entry = before && digests && await lookAt(context, path);
  if (entry && isSame(before, entry)) context.vfs.capabilities.digests?.remember(path, entry, digests);
  return digests?.get("SHA-256");
}

/**
 * The file as it is now; `undefined` if the user may not look (a drop box), or the file is gone: the transfer does not
 * fail for that.
 */
export async function lookAt(context: CommandContext, path: VirtualPath): Promise<Entry | undefined> {
  try {
    return await context.vfs.stat(path);
  } catch (error) {
    if (error instanceof VfsError) return undefined;
    throw error;
  }
}
