/**
 * Files over the data connection: RETR, STOR, APPE and STOU share one route; ABOR ends it.
 *
 * @module
 */

import { receiveBytes, sendBytes } from "../data/pump.ts";
import type { DataPort } from "../data/data_port.ts";
import type { Connection } from "../net/connection.ts";
import * as reply from "../protocol/reply.ts";
import { joinPath, nameOf, parentOf } from "../vfs/virtual_path.ts";
import {
  type Entry,
  type FileSink,
  type FileSource,
  type OpenWriteOptions,
  VfsError,
  type VirtualPath,
} from "../vfs/vfs.ts";
import * as argument from "./arguments.ts";
import { command } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { beforeDownload, forgetDigest, rememberDownload, rememberUpload, streamingDigest } from "./digests.ts";
import { pumpOptions } from "./pump_options.ts";
import { type Flaw, runTransfer, takeDataPort } from "./transfer_route.ts";
import { applyUmask, makeParents } from "./upload_helpers.ts";

/** What REST, RANG and ALLO have said about the next transfer, taken so that it counts once. */
interface Portion {
  readonly offset: number;
  readonly length: number | undefined;
  readonly announcedSize: number | undefined;
}

function takePortion(context: CommandContext): Portion {
  const { restart: offset, rangeLength: length, announcedSize } = context.parameters;
  context.parameters.restart = 0;
  context.parameters.rangeLength = undefined;
  context.parameters.announcedSize = undefined;
  return { offset, length, announcedSize };
}

/** Whether line ends are converted, or the reply that refuses the transfer. */
function asciiMode(context: CommandContext, offset: number): boolean | reply.Reply {
  if (context.parameters.type === "I" || context.options.ascii === "binary") return false;
  if (context.options.ascii === "refuse") return reply.badParameter("TYPE A transfers are refused here, send TYPE I");
  return offset === 0 ? true : reply.badParameter("A transfer in TYPE A cannot start in the middle, send TYPE I");
}

async function retr(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  const { offset, length } = takePortion(context);
  const ascii = asciiMode(context, offset);
  if (reply.isReply(ascii)) return ascii;
  const port = takeDataPort(context);
  if (reply.isReply(port)) return port;
  const before = await beforeDownload(context, path);
  const source = await openOrRelease(port, () => context.vfs.openRead(path, offset));
  try {
    return await send(context, { path, offset, length, ascii, before, source, port });
  } finally {
    source.close();
  }
}

interface Download {
  readonly path: VirtualPath;
  readonly offset: number;
  readonly length: number | undefined;
  readonly ascii: boolean;
  readonly before: Entry | undefined;
  readonly source: FileSource;
  readonly port: DataPort;
}

function send(context: CommandContext, download: Download): Promise<reply.Reply> {
  const { path, offset, length, ascii, before, source, port } = download;
  const whole = offset === 0 && length === undefined;
  const digest = whole ? streamingDigest(context, source.size) : undefined;
  const bytes = Math.min(source.size - offset, length ?? Infinity);
  return runTransfer(context, port, {
    verb: "RETR",
    direction: "download",
    path,
    offset,
    ascii,
    mark: reply.openingData(ascii ? "A" : "I", nameOf(path), ascii ? undefined : bytes),
    success: "Transfer complete",
    pump: (connection, transfer) =>
      sendBytes(source, connection, {
        ...pumpOptions(context, transfer, context.limiters.download),
        ascii,
        ...(digest && { digest }),
        // Files such as those of /proc have no size and yet content.
        ...(bytes > 0 && { limit: bytes }),
      }),
    flaw: ({ bytes: sent }) =>
      !ascii && sent < bytes ? { reason: "storage", text: "The file became shorter while it was sent" } : undefined,
    complete: () => rememberDownload(context, path, digest, before),
  });
}

/** The name that STOU starts from; `undefined`: any. */
const optionalFileName: argument.ArgumentRule<VirtualPath | undefined> = {
  name: "optional",
  parse: (given, context) => given === undefined || given === "" ? undefined : argument.toPath(given, context),
  path: (path) => path,
};

/** How a file is opened for an upload, and what the client is told about its name. */
interface Upload {
  readonly verb: string;
  readonly path: VirtualPath;
  readonly portion: Portion;
  readonly ascii: boolean;
  readonly sink: FileSink;
  readonly port: DataPort;
  readonly mark: reply.Reply;
  readonly success: string;
}

async function stor(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  const portion = takePortion(context);
  const options = portion.offset > 0 ? { offset: portion.offset } : {};
  return await store(context, "STOR", path, portion, options);
}

/** REST before APPE is taken as the place to go on from, as STOR does; without it, the end of the file. */
async function appe(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  const portion = takePortion(context);
  const options = portion.offset > 0 ? { offset: portion.offset } : { append: true };
  return await store(context, "APPE", path, portion, options);
}

async function store(
  context: CommandContext,
  verb: string,
  path: VirtualPath,
  portion: Portion,
  options: OpenWriteOptions,
): Promise<reply.Reply> {
  const ascii = asciiMode(context, portion.offset);
  if (reply.isReply(ascii)) return ascii;
  const port = takeDataPort(context);
  if (reply.isReply(port)) return port;
  const sink = await openOrRelease(port, () => openForUpload(context, path, options));
  const mark = reply.openingData(ascii ? "A" : "I", nameOf(path));
  return await receive(context, { verb, path, portion, ascii, sink, port, mark, success: "Transfer complete" });
}

async function openForUpload(context: CommandContext, path: VirtualPath, options: OpenWriteOptions): Promise<FileSink> {
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

/** The name is the client's with a number behind it, as soon as that is free; the open itself decides, so two never get the same. */
async function stou(context: CommandContext, given: VirtualPath | undefined): Promise<reply.Reply> {
  const portion = takePortion(context);
  if (portion.offset > 0) return reply.fileBusy("REST and STOU do not go together");
  const ascii = asciiMode(context, 0);
  if (reply.isReply(ascii)) return ascii;
  const port = takeDataPort(context);
  if (reply.isReply(port)) return port;
  const wanted = given ?? joinPath(context.login.cwd, "upload");
  const { path, sink } = await openOrRelease(port, () => openUnique(context, wanted));
  const mark = reply.uniqueName(nameOf(path));
  return await receive(context, {
    verb: "STOU",
    path,
    portion,
    ascii,
    sink,
    port,
    mark,
    success: `Transfer complete, FILE: ${nameOf(path)}`,
  });
}

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
  const { verb, path, portion, ascii, sink, port } = upload;
  const whole = portion.offset === 0 && verb !== "APPE";
  const digest = whole ? streamingDigest(context) : undefined;
  forgetDigest(context, path);
  return runTransfer(context, port, {
    verb,
    direction: "upload",
    path,
    offset: verb === "APPE" && portion.offset === 0 ? sink.initialSize : portion.offset,
    ascii,
    mark: upload.mark,
    success: upload.success,
    pump: (connection, transfer) =>
      receiveBytes(connection, sink, {
        ...pumpOptions(context, transfer, context.limiters.upload),
        ascii,
        ...(digest && { digest }),
        ...(portion.length !== undefined && { limit: portion.length }),
      }),
    flaw: ({ bytes }, connection) => truncatedTls(context, connection) ?? shortOfAnnounced(portion, ascii, bytes),
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
function shortOfAnnounced({ offset, announcedSize }: Portion, ascii: boolean, bytes: number): Flaw | undefined {
  if (announcedSize === undefined || ascii || offset > 0 || bytes >= announcedSize) return undefined;
  return { reason: "sizeMismatch", text: `Only ${bytes} of the ${announcedSize} bytes of ALLO arrived` };
}

/** Only under TLS can a stream that was cut be told from one that ended (features of RFC 4217 section 12.4). */
function truncatedTls(context: CommandContext, connection: Connection): Flaw | undefined {
  const { tls } = context.options;
  if (!tls || !("cleanClose" in connection) || connection.cleanClose !== false) return undefined;
  if (context.transfer) context.transfer.unclean = true;
  if (tls.strictClose) return { reason: "tlsTruncated", text: "The data connection was cut, transfer incomplete" };
  context.emit({ type: "problem", level: "warning", message: "An upload ended without close_notify" });
  return undefined;
}

/** Opens the file of a transfer; when that fails the data port is given back. */
async function openOrRelease<T>(port: DataPort, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    port.close();
    throw error;
  }
}

/** Two replies in this order: 426 of the transfer, then 226 (RFC 959 section 4.1.3). */
async function abor(context: CommandContext): Promise<reply.Reply> {
  const transfer = context.transfer;
  if (transfer === undefined) {
    context.setDataPort(undefined);
    return reply.nothingToAbort;
  }
  transfer.abort("aborted");
  await transfer.ended;
  return reply.abortDone;
}

export const transferCommands = [
  command({
    verb: "RETR",
    syntax: "<path>",
    summary: "Download a file",
    source: "959 §4.1.3",
    argument: argument.path,
    permission: "read",
    keeps: "restart",
    transfer: true,
    handler: retr,
  }),
  command({
    verb: "STOR",
    syntax: "<path>",
    summary: "Upload a file",
    source: "959 §4.1.3",
    argument: argument.path,
    keeps: "restart",
    transfer: true,
    handler: stor,
  }),
  command({
    verb: "APPE",
    syntax: "<path>",
    summary: "Upload to the end of a file",
    source: "959 §4.1.3",
    argument: argument.path,
    keeps: "restart",
    transfer: true,
    handler: appe,
  }),
  command({
    verb: "STOU",
    syntax: "[<path>]",
    summary: "Upload under a name that is free",
    source: "959 §4.1.3",
    argument: optionalFileName,
    keeps: "restart",
    transfer: true,
    handler: stou,
  }),
  command({
    verb: "ABOR",
    summary: "End the running transfer",
    source: "959 §4.1.3",
    argument: argument.none,
    urgent: true,
    handler: abor,
  }),
];
