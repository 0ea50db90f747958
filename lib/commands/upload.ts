/**
 * STOR, APPE and STOU: a file from the client.
 *
 * @module
 */

import { receiveBytes } from "../data/pump.ts";
import type { Connection } from "../net/connection.ts";
import * as reply from "../protocol/reply.ts";
import { joinPath, nameOf, parentOf } from "../vfs/virtual_path.ts";
import { type FileSink, type OpenWriteOptions, VfsError, type VirtualPath } from "../vfs/vfs.ts";
import type { CommandContext } from "./context.ts";
import { forgetDigest, rememberUpload, streamingDigest } from "./digests.ts";
import { pumpOptions } from "./pump_options.ts";
import { type Flaw, runTransfer } from "./transfer_route.ts";
import { openOrRelease, setUpTransfer, type TransferSetup } from "./transfer_setup.ts";
import { applyUmask, makeParents } from "./upload_helpers.ts";

/** How a file is opened for an upload, and what the client is told about its name. */
interface Upload extends TransferSetup {
  readonly verb: string;
  readonly path: VirtualPath;
  readonly sink: FileSink;
  readonly mark: reply.Reply;
  readonly success: string;
}

/** Handles STOR. */
export function stor(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  return store(context, path, { verb: "STOR" });
}

/** Handles APPE. REST before it is taken as the place to go on from, as STOR does; without it, the end of the file. */
export function appe(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  return store(context, path, { verb: "APPE", append: true });
}

async function store(
  context: CommandContext,
  path: VirtualPath,
  { verb, append }: { readonly verb: string; readonly append?: true },
): Promise<reply.Reply> {
  const setup = setUpTransfer(context);
  if (reply.isReply(setup)) return setup;
  const options = setup.offset > 0 ? { offset: setup.offset } : append ? { append } : {};
  const sink = await openOrRelease(setup.port, () => openForUpload(context, path, options));
  const mark = reply.openingData(setup.ascii ? "A" : "I", nameOf(path));
  return await receive(context, { ...setup, verb, path, sink, mark, success: "Transfer complete" });
}

/** Handles STOU: the name is the client's with a number behind it, as soon as that is free. */
export async function stou(context: CommandContext, given: VirtualPath | undefined): Promise<reply.Reply> {
  if (context.parameters.restart > 0) {
    context.parameters.restart = 0;
    return reply.fileBusy("REST and STOU do not go together");
  }
  const setup = setUpTransfer(context);
  if (reply.isReply(setup)) return setup;
  const wanted = given ?? joinPath(context.login.cwd, "upload");
  const { path, sink } = await openOrRelease(setup.port, () => openUnique(context, wanted));
  const mark = reply.uniqueName(nameOf(path));
  const success = `Transfer complete, FILE: ${nameOf(path)}`;
  return await receive(context, { ...setup, verb: "STOU", path, sink, mark, success });
}

async function openForUpload(context: CommandContext, path: VirtualPath, how: OpenWriteOptions): Promise<FileSink> {
  const options = context.transfer ? { ...how, signal: context.transfer.signal } : how;
  try {
    return await context.vfs.openWrite(path, options);
  } catch (error) {
    if (!context.options.autoMkdir || !(error instanceof VfsError) || error.kind !== "notFound") throw error;
    await makeParents(context.vfs, path);
    return await context.vfs.openWrite(path, options);
  }
}

/** Most names tried before STOU gives up. */
const MOST_UNIQUE_NAMES = 10_000;

/** The open itself decides, so two uploads never get the same name. */
async function openUnique(
  context: CommandContext,
  wanted: VirtualPath,
): Promise<{ path: VirtualPath; sink: FileSink }> {
  for (let number = 0; number < MOST_UNIQUE_NAMES; number++) {
    const path = number === 0 ? wanted : joinPath(parentOf(wanted), `${nameOf(wanted)}.${number}`);
    try {
      return { path, sink: await openForUpload(context, path, { exclusive: true }) };
    } catch (error) {
      if (!(error instanceof VfsError) || error.kind !== "exists") throw error;
    }
  }
  throw new VfsError("exists", `No free name for "${wanted}"`);
}

function receive(context: CommandContext, upload: Upload): Promise<reply.Reply> {
  const { verb, path, offset, length, ascii, sink, port } = upload;
  const whole = offset === 0 && verb !== "APPE";
  const digest = whole ? streamingDigest(context) : undefined;
  forgetDigest(context, path);
  return runTransfer(context, port, {
    verb,
    direction: "upload",
    path,
    offset: verb === "APPE" && offset === 0 ? sink.initialSize : offset,
    ascii,
    mark: upload.mark,
    success: upload.success,
    pump: (connection, transfer) =>
      receiveBytes(connection, sink, {
        ...pumpOptions(context, transfer, context.limiters.upload),
        ascii,
        ...(digest && { digest }),
        ...(length !== undefined && { limit: length }),
      }),
    flaw: ({ bytes }, connection) => truncatedTls(context, connection) ?? shortOfAnnounced(upload, bytes),
    complete: async () => {
      await sink.commit();
      forgetDigest(context, path);
      if (sink.created) await applyUmask(context, path, 0o666);
      return await rememberUpload(context, path, digest);
    },
    fail: async () => {
      await sink.abort();
      forgetDigest(context, path);
    },
  });
}

/** ALLO told the size: fewer bytes than that did not all arrive, though the connection was closed in good order. */
function shortOfAnnounced({ offset, ascii, announcedSize }: TransferSetup, bytes: number): Flaw | undefined {
  if (announcedSize === undefined || ascii || offset > 0 || bytes >= announcedSize) return undefined;
  return { reason: "sizeMismatch", text: `Only ${bytes} of the ${announcedSize} bytes of ALLO arrived` };
}

/** Only under TLS can a stream that was cut be told from one that ended (RFC 4217 section 12.4). */
function truncatedTls(context: CommandContext, connection: Connection): Flaw | undefined {
  const { tls } = context.options;
  if (!tls || !("cleanClose" in connection) || connection.cleanClose !== false) return undefined;
  if (context.transfer) context.transfer.unclean = true;
  if (tls.strictClose) return { reason: "tlsTruncated", text: "The data connection was cut, transfer incomplete" };
  context.emit({ type: "problem", level: "warning", message: "An upload ended without close_notify" });
  return undefined;
}
