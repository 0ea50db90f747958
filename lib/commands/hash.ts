/**
 * Digests of files: HASH, and the older XCRC, XMD5, XSHA family. A file whose digest was computed during a transfer is
 * not read again.
 *
 * @module
 */

import { DIGEST_ALGORITHMS, type DigestAlgorithm } from "../data/digest/digest.ts";
import { digestOf, DigestStalled } from "../data/digest/file.ts";
import { type ByteRange, parseDigestArgument } from "../protocol/byte_range.ts";
import * as reply from "../protocol/reply.ts";
import { VfsError, type VirtualPath } from "../vfs/vfs.ts";
import * as argument from "./arguments.ts";
import type { CommandContext, TransferContext } from "./context.ts";
import { reported } from "./explained_reply.ts";
import { Refusal } from "./failure_replies.ts";

/** A digest is a transfer to nowhere: ABOR and the end of the control connection or of the server end it. */
async function digestOfFile(
  context: TransferContext,
  path: VirtualPath,
  algorithm: DigestAlgorithm,
  range: ByteRange | undefined,
): Promise<{ digest: string; start: number; end: number }> {
  const { start, end: wantedEnd } = range ?? { start: 0, end: undefined };
  const entry = await context.vfs.stat(path);
  if (entry.kind === "directory") throw new VfsError("isDirectory", `No digest of "${path}"`);
  if (start > entry.size) throw new VfsError("pastEnd", `No byte ${start} in "${path}"`);
  const end = Math.min(wantedEnd ?? entry.size, entry.size);
  const whole = start === 0 && end === entry.size;
  const { digests } = context.vfs.capabilities;
  const found = whole ? digests?.find(path, entry, algorithm) : undefined;
  const known = found instanceof Promise ? await found : found;
  if (known !== undefined) return { digest: known, start, end };
  const { transfer } = context;
  const source = await context.vfs.openRead(path, start);
  try {
    const digest = await digestOf(source, algorithm, {
      loop: context.options.eventLoop,
      length: end - start,
      signal: transfer.signal,
      stallTimeout: context.options.stallTimeout,
      onProgress: (bytes) => transfer.bytes = bytes,
    });
    if (whole) digests?.remember(path, entry, new Map([[algorithm, digest]]));
    return { digest, start, end };
  } finally {
    source.close();
  }
}

/** The reply that `made` resolves to, or the one that says why there is no digest. */
async function orReason(context: TransferContext, path: VirtualPath, made: Promise<reply.Reply>): Promise<reply.Reply> {
  try {
    return await made;
  } catch (error) {
    if (context.transfer.signal.aborted) return reply.digestAborted;
    if (!(error instanceof DigestStalled)) throw error;
    context.emit({ type: "problem", level: "warning", message: `Storage failed in the digest of "${path}"`, error });
    return reported(reply.localError("Local error in processing"));
  }
}

/** Handles HASH (draft-bryan-ftpext-hash section 3): algorithm, first and last byte, digest, path. RANG limits it. */
export function hash(context: TransferContext, path: VirtualPath): Promise<reply.Reply> {
  const { hash: algorithm } = context.parameters;
  const { offset: start, length } = context.parameters.next.takeRange();
  context.parameters.wantsDigests = true;
  const range = { start, end: length === undefined ? undefined : start + length };
  const made = digestOfFile(context, path, algorithm, range).then(({ digest, start, end }) =>
    reply.fileStatus(`${algorithm} ${start}-${Math.max(start, end - 1)} ${digest} ${path}`)
  );
  return orReason(context, path, made);
}

/** Makes the handler of XCRC and its relatives: `XCRC path`, or `XCRC "path" [start] end`. */
export function olderDigestOf(
  algorithm: DigestAlgorithm,
): (context: TransferContext, given: string) => Promise<reply.Reply> {
  return async (context, given) => {
    const request = parseDigestArgument(given);
    if (!request) throw new Refusal(reply.badArgument("Invalid path or range"));
    const path = argument.toPath(request.path, context);
    context.parameters.wantsDigests = true;
    const made = digestOfFile(context, path, algorithm, request.range);
    return await orReason(context, path, made.then(({ digest }) => reply.fileActionDone(digest)));
  };
}

/** The algorithms, with the chosen one marked. */
export function hashFeature({ parameters }: CommandContext): string {
  return `HASH ${DIGEST_ALGORITHMS.map((each) => each === parameters.hash ? `${each}*` : each).join(";")}`;
}
