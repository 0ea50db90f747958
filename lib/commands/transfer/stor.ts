/**
 * STOR, APPE and STOU: a file from the client.
 *
 * @module
 */

import { type PumpResult, receiveBytes } from "../../data/pump.ts";
import type { TlsFacts } from "../../net/connection.ts";
import * as reply from "../../protocol/reply.ts";
import { randomPart } from "../../vfs/upload_sinks.ts";
import { joinPath, nameOf, parentOf, withEnding } from "../../vfs/virtual_path.ts";
import { type FileSink, type OpenWriteOptions, VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import type { CommandContext } from "../context.ts";
import { forgetDigest, rememberUpload, streamingDigest } from "../hash.ts";
import { rememberOwnUpload } from "./own_uploads.ts";
import { pumpOptions } from "./pump_options.ts";
import { type Flaw, runTransfer } from "./run.ts";
import { openOrRelease, setUpTransfer, type TransferSetup } from "./setup.ts";
import { applyUmask, withParents } from "./upload_helpers.ts";

/** How a file is opened for an upload, and what the client is told about its name. */
interface Upload extends TransferSetup {
  readonly verb: string;
  readonly path: VirtualPath;
  readonly sink: FileSink;
  readonly mark: reply.Reply;
  readonly success: string;
}

/** Handles STOR. REST says where to begin, RANG where to end as well; neither cuts the file. */
export async function stor(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  const setup = setUpTransfer(context);
  if (reply.isReply(setup)) return setup;
  const { offset, length } = setup;
  const options = { ...(offset > 0 && { offset }), ...(length !== undefined && { keep: true }) };
  const sink = await openOrRelease(setup.port, () => openForUpload(context, path, options));
  return await store(context, path, { ...setup, verb: "STOR", sink });
}

/**
 * Handles APPE, which always writes to the end of the file. A REST before it that means another place is refused: vsftpd ignores it and
 * ProFTPD refuses every REST, but clients that resume so send the size of the file.
 */
export async function appe(context: CommandContext, path: VirtualPath): Promise<reply.Reply> {
  const setup = setUpTransfer(context, { verb: "APPE", without: "range" });
  if (reply.isReply(setup)) return setup;
  const resumes = setup.offset > 0;
  const options = { append: true, ...(resumes && { existing: true }) };
  const sink = await openOrRelease(setup.port, () => openForUpload(context, path, options));
  const offset = sink.initialSize;
  if (!resumes || setup.offset === offset) return await store(context, path, { ...setup, verb: "APPE", sink, offset });
  setup.port.close();
  await sink.abort();
  return reply.restartNotAtEnd(offset);
}

function store(
  context: CommandContext,
  path: VirtualPath,
  upload: Omit<Upload, "path" | "mark" | "success">,
): Promise<reply.Reply> {
  const mark = reply.openingData(upload.ascii ? "A" : "I", nameOf(path));
  return receive(context, { ...upload, path, mark, success: "Transfer complete" });
}

/** Handles STOU: the name is the client's, with a number or a random part after it where it is taken. */
export async function stou(context: CommandContext, given: VirtualPath | undefined): Promise<reply.Reply> {
  const setup = setUpTransfer(context, { verb: "STOU", without: "restart" });
  if (reply.isReply(setup)) return setup;
  const wanted = given ?? joinPath(context.login.cwd, "upload");
  const { path, sink } = await openOrRelease(setup.port, () => openUnique(context, wanted));
  const mark = reply.uniqueName(nameOf(path));
  const success = `Transfer complete, FILE: ${nameOf(path)}`;
  return await receive(context, { ...setup, verb: "STOU", path, sink, mark, success });
}

async function openForUpload(context: CommandContext, path: VirtualPath, how: OpenWriteOptions): Promise<FileSink> {
  const options = context.transfer ? { ...how, signal: context.transfer.signal } : how;
  const action = () => context.vfs.openWrite(path, options);
  return how.existing
    ? await action()
    : await withParents(context, path, { always: context.options.autoMkdir, action });
}

/** Names with a number that STOU tries; where they are all taken, thousands more would be, and each costs a look at the disk. */
const NUMBERED_NAMES = 20;
/** Names with a random part tried then: one is as good as certain to be free. */
const RANDOM_NAMES = 5;

/** The open itself decides, and the name is kept until the upload is over, so two uploads never get the same name. */
async function openUnique(
  context: CommandContext,
  wanted: VirtualPath,
): Promise<{ path: VirtualPath; sink: FileSink }> {
  for (const name of uniqueNames(nameOf(wanted))) {
    const path = joinPath(parentOf(wanted), name);
    try {
      return { path, sink: await openForUpload(context, path, { exclusive: true, reserved: true }) };
    } catch (error) {
      if (!(error instanceof VfsError) || error.kind !== "exists") throw error;
    }
  }
  throw new VfsError("exists", `No free name for "${wanted}"`);
}

/** What a file that is to be called `wanted` may be called, in the order of preference. */
function* uniqueNames(wanted: string): Generator<string, void> {
  yield wanted;
  for (let number = 1; number < NUMBERED_NAMES; number++) yield withEnding(wanted, `.${number}`);
  for (let tries = 0; tries < RANDOM_NAMES; tries++) yield withEnding(wanted, `.${randomPart()}`);
}

function receive(context: CommandContext, upload: Upload): Promise<reply.Reply> {
  const { verb, path, offset, length, ascii, announcedSize, sink, port } = upload;
  const whole = offset === 0 && length === undefined && verb !== "APPE";
  const digest = whole ? streamingDigest(context) : undefined;
  forgetDigest(context, path);
  return runTransfer(context, port, {
    verb,
    direction: "upload",
    path,
    offset,
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
    announced: announcedSize,
    flaw: (result, facts) => truncatedTls(context, facts) ?? notTheRange(upload, result),
    complete: async () => {
      await sink.commit();
      forgetDigest(context, path);
      if (sink.created) await applyUmask(context, path, 0o666);
      await rememberOwnUpload(context, path);
      return await rememberUpload(context, path, digest);
    },
    fail: async () => {
      // Of a file that no byte has reached there is nothing to resume, and an empty one looks like an upload of nothing.
      await sink.discard({ ifEmpty: true });
      forgetDigest(context, path);
    },
  });
}

/** RANG has said how many bytes come. */
function notTheRange({ length }: TransferSetup, { bytes, exceeded }: PumpResult): Flaw | undefined {
  if (length === undefined || (bytes === length && !exceeded)) return undefined;
  const text = exceeded
    ? `Received more than the ${length} bytes announced by RANG`
    : `Received only ${bytes} of the ${length} bytes announced by RANG`;
  return { reason: "sizeMismatch", text };
}

/**
 * Only under TLS can a stream that was cut be told from one that ended (RFC 4217 section 12.4). Many clients never send close_notify, so the
 * first end without it counts; a client that has sent one before has been cut off when the next is missing.
 */
function truncatedTls(context: CommandContext, facts: TlsFacts | undefined): Flaw | undefined {
  const { options: { tls }, security } = context;
  if (facts?.cleanClose === true) security.sendsCloseNotify = true;
  if (facts?.cleanClose !== false) return undefined;
  if (context.transfer) context.transfer.unclean = true;
  if (tls?.strictClose || security.sendsCloseNotify) {
    return { reason: "tlsTruncated", text: "Data connection truncated, transfer incomplete" };
  }
  context.emit({ type: "problem", level: "warning", message: "An upload ended without close_notify" });
  return undefined;
}
