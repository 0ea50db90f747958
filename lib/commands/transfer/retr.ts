/**
 * RETR: a file to the client.
 *
 * @module
 */

import { SMALL_FILE } from "../../data/pump.ts";
import * as reply from "../../protocol/reply.ts";
import { nameOf } from "../../vfs/virtual_path.ts";
import type { VirtualPath } from "../../vfs/vfs.ts";
import type { TransferContext } from "../context.ts";
import { lookAt, rememberDownload } from "./digests.ts";
import { streamingDigest, takeTransferRequest, wantsDigests } from "./request.ts";
import { runTransfer } from "./run.ts";
import { TransferFailed } from "./transfer_outcome.ts";

/** Handles RETR. */
export async function retr(context: TransferContext, path: VirtualPath): Promise<reply.Reply> {
  using request = takeTransferRequest(context);
  const { offset, length, ascii, connector } = request;
  const before = wantsDigests(context) ? await lookAt(context, path) : undefined;
  const source = await context.vfs.openRead(path, offset);
  using _source = { [Symbol.dispose]: () => source.close() };
  const expected = Math.min(source.size - offset, length ?? Infinity);
  // Files in /proc report size 0 but have content: they are read to their end, or as far as RANG says.
  const limit = expected > 0 ? expected : length;
  const isWhole = offset === 0 && length === undefined;
  const digest = isWhole ? streamingDigest(context, source.size) : undefined;
  const plan = {
    connector,
    path,
    offset,
    expected,
    ascii,
    success: "Transfer complete",
  } as const;
  return await runTransfer(context, plan, async (open) => {
    const mark = reply.openingData(ascii ? "A" : "I", nameOf(path), ascii ? undefined : expected);
    // A store far away may take its time.
    const isAtHand = source.readNow !== undefined && !context.limiters.download;
    using data = await open(mark, isAtHand && expected > 0 && expected <= SMALL_FILE);
    const { bytes } = await data.send(source, { ascii, digest, limit, limiter: context.limiters.download });
    if (!ascii && bytes < expected) throw new TransferFailed("storage", "The file shrank during the transfer");
    await data.endSending();
    return digest && await rememberDownload(context, path, digest, before);
  });
}
