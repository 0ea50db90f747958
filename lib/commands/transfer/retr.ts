/**
 * RETR: a file to the client.
 *
 * @module
 */

import { sendBytes } from "../../data/pump.ts";
import * as reply from "../../protocol/reply.ts";
import { nameOf } from "../../vfs/virtual_path.ts";
import type { Entry, FileSource, VirtualPath } from "../../vfs/vfs.ts";
import type { CommandContext } from "../context.ts";
import { beforeDownload, rememberDownload, streamingDigest } from "../hash.ts";
import { pumpOptions } from "./pump_options.ts";
import { runTransfer } from "./run.ts";
import { openOrRelease, setUpTransfer, type TransferSetup } from "./setup.ts";

interface Download extends TransferSetup {
  readonly path: VirtualPath;
  readonly before: Entry | undefined;
  readonly source: FileSource;
}

/** Handles RETR. */
export async function retr(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  const setup = setUpTransfer(context);
  if (reply.isReply(setup)) return setup;
  const before = await beforeDownload(context, path);
  const source = await openOrRelease(setup.port, () => context.vfs.openRead(path, setup.offset));
  try {
    return await send(context, { ...setup, path, before, source });
  } finally {
    source.close();
  }
}

function send(context: CommandContext, download: Download): Promise<reply.Reply> {
  const { path, offset, length, ascii, before, source, port } = download;
  const whole = offset === 0 && length === undefined;
  const digest = whole ? streamingDigest(context, source.size) : undefined;
  const bytes = Math.min(source.size - offset, length ?? Infinity);
  // Files such as those of /proc have no size and yet content: they are read to their end, or as far as RANG says.
  const limit = bytes > 0 ? bytes : length;
  return runTransfer(context, port, {
    verb: "RETR",
    direction: "download",
    path,
    offset,
    expected: bytes,
    ascii,
    mark: reply.openingData(ascii ? "A" : "I", nameOf(path), ascii ? undefined : bytes),
    success: "Transfer complete",
    pump: (connection, transfer) =>
      sendBytes(source, connection, {
        ...pumpOptions(context, transfer, context.limiters.download),
        ascii,
        ...(digest && { digest }),
        ...(limit !== undefined && { limit }),
      }),
    flaw: ({ bytes: sent }) =>
      !ascii && sent < bytes ? { reason: "storage", text: "The file shrank during the transfer" } : undefined,
    complete: () => rememberDownload(context, path, digest, before),
  });
}
