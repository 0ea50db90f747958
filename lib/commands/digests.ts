/**
 * Digests of files: HASH, and the older XCRC, XMD5, XSHA family. What was taken while a file streamed is not read again.
 *
 * @module
 */

import { BufferPool } from "../data/buffer_pool.ts";
import { DIGEST_ALGORITHMS, type DigestAlgorithm, digestOf, RunningDigest } from "../data/digest.ts";
import { type ByteRange, parseDigestArgument } from "../protocol/byte_range.ts";
import * as reply from "../protocol/reply.ts";
import { VfsError, type VirtualPath } from "../vfs/vfs.ts";
import * as argument from "./arguments.ts";
import { type Command, command } from "./command.ts";
import type { CommandContext } from "./context.ts";

/** Bytes of a transfer that are digested for a client that has not asked for digests yet: cheap, and most files end before. */
const SPECULATIVE_LIMIT = 16 * 1024 * 1024;

const buffers = new BufferPool();

/** The digest to take along with a transfer of a whole file; `size` where it is known. */
export function streamingDigest(context: CommandContext, size = 0): RunningDigest | undefined {
  const { digests } = context.options;
  if (digests === "off") return undefined;
  if (digests === "always" || context.parameters.wantsDigests) return new RunningDigest();
  return size > SPECULATIVE_LIMIT ? undefined : new RunningDigest({ limit: SPECULATIVE_LIMIT });
}

/** One file is one key for every account that sees it under the same root. */
function cacheKey(context: CommandContext, path: VirtualPath): string {
  return `${context.login.account?.rootPath}\0${path}`;
}

/** Keeps what a transfer of the whole file has shown. Resolves to its SHA-256. */
export async function rememberDigest(
  context: CommandContext,
  path: VirtualPath,
  digest: RunningDigest | undefined,
): Promise<string | undefined> {
  const digests = digest?.finish();
  if (!digests) return undefined;
  context.server.digests.remember(cacheKey(context, path), await context.vfs.stat(path), digests);
  return digests.get("SHA-256");
}

async function digestOfFile(
  context: CommandContext,
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
  const key = cacheKey(context, path);
  const known = whole && context.vfs.can(path, "read") ? context.server.digests.find(key, entry, algorithm) : undefined;
  if (known !== undefined) return { digest: known, start, end };
  const source = await context.vfs.openRead(path, start);
  try {
    const digest = await digestOf(source, algorithm, { pool: buffers, length: end - start });
    if (whole) context.server.digests.remember(key, entry, new Map([[algorithm, digest]]));
    return { digest, start, end };
  } finally {
    source.close();
  }
}

/** draft-bryan-ftpext-hash section 3: algorithm, first and last byte, digest, name as it was given. RANG limits it. */
async function hash(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  const { restart, rangeLength, hash: algorithm } = context.parameters;
  context.parameters.restart = 0;
  context.parameters.rangeLength = undefined;
  context.parameters.wantsDigests = true;
  const range = { start: restart, end: rangeLength === undefined ? undefined : restart + rangeLength };
  const { digest, start, end } = await digestOfFile(context, path, algorithm, range);
  return reply.fileStatus(`${algorithm} ${start}-${Math.max(start, end - 1)} ${digest} ${path}`);
}

/** `XCRC path`, or `XCRC "path" [start] end`. */
function olderCommand(verb: string, algorithm: DigestAlgorithm, aliases: readonly string[] = []): Command {
  return command({
    verb,
    aliases,
    syntax: '<path> | "<path>" [<start>] <end>',
    summary: `${algorithm} of a file`,
    source: "de facto",
    argument: argument.text,
    feature: verb,
    handler: async (context, given) => {
      const request = parseDigestArgument(given);
      if (!request) return reply.badArgument("Not a path, or not a range behind it");
      const path = argument.toPath(request.path, context);
      if (reply.isReply(path)) return path;
      context.parameters.wantsDigests = true;
      const { digest } = await digestOfFile(context, path, algorithm, request.range);
      return reply.fileActionDone(digest);
    },
  });
}

export const digestCommands = [
  command({
    verb: "HASH",
    syntax: "<path>",
    summary: "Digest of a file, by the algorithm of OPTS HASH",
    source: "draft-bryan-ftpext-hash",
    argument: argument.path,
    permission: "read",
    keeps: "restart",
    feature: ({ parameters }) =>
      `HASH ${DIGEST_ALGORITHMS.map((each) => each === parameters.hash ? `${each}*` : each).join(";")}`,
    handler: hash,
  }),
  olderCommand("XCRC", "CRC32"),
  olderCommand("XMD5", "MD5"),
  olderCommand("XSHA", "SHA-1", ["XSHA1"]),
  olderCommand("XSHA256", "SHA-256"),
  olderCommand("XSHA512", "SHA-512"),
];
