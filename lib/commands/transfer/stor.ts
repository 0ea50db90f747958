/**
 * STOR, APPE and STOU: a file from the client.
 *
 * @module
 */

import type { PumpResult } from "../../data/pump.ts";
import type { TlsFacts } from "../../net/connection.ts";
import * as reply from "../../protocol/reply.ts";
import { joinPath, nameOf, parentOf, randomPart, withEnding } from "../../vfs/virtual_path.ts";
import { type FileSink, type OpenWriteOptions, VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import type { TransferContext } from "../context.ts";
import { Refusal } from "../failure_replies.ts";
import { rememberBroken, requireUnbroken } from "./broken_uploads.ts";
import { rememberUpload } from "./digests.ts";
import { rememberOwnUpload } from "./own_uploads.ts";
import { streamingDigest, takeTransferRequest, type TransferRequest } from "./request.ts";
import { runTransfer } from "./run.ts";
import { TransferFailed } from "./transfer_outcome.ts";
import { applyUmask, withParents } from "./upload_helpers.ts";

/** What differs between STOR, APPE and STOU. */
interface Upload {
  readonly request: TransferRequest;
  readonly path: VirtualPath;
  readonly sink: FileSink;
  /** First byte that is written. */
  readonly offset: number;
  /** The whole content of the file comes in. */
  readonly isWhole: boolean;
  /** The preliminary reply. */
  readonly mark: reply.Reply;
  /** Text of the 226. */
  readonly success: string;
}

/** Handles STOR. REST says where to begin, RANG where to end as well; neither cuts the file. */
export async function stor(context: TransferContext, path: VirtualPath): Promise<reply.Reply> {
  using request = takeTransferRequest(context);
  const { offset, length } = request;
  if ((offset > 0 || length !== undefined) && !context.vfs.capabilities.resume) {
    throw new Refusal(reply.badParameter("These files cannot be resumed; upload the whole file"));
  }
  const options = { ...(offset > 0 && { offset }), ...(length !== undefined && { keep: true }) };
  const isWhole = offset === 0 && length === undefined;
  if (!isWhole) await requireUnbroken(context, path);
  const sink = await openForUpload(context, path, options);
  return await receive(context, { request, path, sink, offset, isWhole, ...textsFor(path, request) });
}

/**
 * Handles APPE, which always writes to the end of the file. A REST before it that names another place is refused:
 * vsftpd ignores it and ProFTPD refuses every REST, but clients that resume with APPE send the size of the file.
 */
export async function appe(context: TransferContext, path: VirtualPath): Promise<reply.Reply> {
  using request = takeTransferRequest(context, { without: "range" });
  const resumes = request.offset > 0;
  await requireUnbroken(context, path);
  const sink = await openForUpload(context, path, { append: true, ...(resumes && { existing: true }) });
  const offset = sink.initialSize;
  if (resumes && request.offset !== offset) {
    await sink.abort();
    throw new Refusal(reply.restartNotAtEnd(offset));
  }
  return await receive(context, { request, path, sink, offset, isWhole: false, ...textsFor(path, request) });
}

/** Handles STOU: the name is the client's, with a number or a random part after it where it is taken. */
export async function stou(context: TransferContext, given: VirtualPath | undefined): Promise<reply.Reply> {
  using request = takeTransferRequest(context, { without: "restart" });
  const { path, sink } = await openUnique(context, given ?? joinPath(context.login.cwd, "upload"));
  const mark = reply.uniqueName(nameOf(path));
  const success = `Transfer complete, FILE: ${nameOf(path)}`;
  return await receive(context, { request, path, sink, offset: 0, isWhole: true, mark, success });
}

function textsFor(path: VirtualPath, { ascii }: TransferRequest): Pick<Upload, "mark" | "success"> {
  return { mark: reply.openingData(ascii ? "A" : "I", nameOf(path)), success: "Transfer complete" };
}

/** The steps of an upload from the open file to the commit. */
async function receive(context: TransferContext, upload: Upload): Promise<reply.Reply> {
  const { request: { connector, ascii, length, announcedSize }, path, sink, offset, success } = upload;
  const digest = upload.isWhole ? streamingDigest(context) : undefined;
  const plan = { connector, path, offset, ascii, announcedSize, success } as const;
  return await runTransfer(context, plan, async (open) => {
    await using file = uncommitted(sink, async () => {
      if (upload.isWhole && !sink.created) await rememberBroken(context, path);
    });
    using data = await open(upload.mark);
    const options = { ascii, digest, limit: length, limiter: context.limiters.upload };
    const received = await data.receive(sink, options);
    checkCloseNotify(context, data.tls);
    checkRange(length, received);
    await data.endReceiving();
    await file.commit();
    if (sink.created) await applyUmask(context, path, 0o666);
    await rememberOwnUpload(context, path);
    return digest && await rememberUpload(context, path, digest);
  });
}

/** A file that is being uploaded; disposing of it ends an upload that broke off. */
interface UncommittedFile extends AsyncDisposable {
  /** Makes the upload last. */
  commit(): Promise<void>;
}

/** @param onBroken called once an upload that broke off is ended, unless it had to give the file to another one. */
function uncommitted(sink: FileSink, onBroken: () => Promise<void>): UncommittedFile {
  let isDone = false;
  return {
    async commit() {
      await sink.commit();
      isDone = true;
    },
    async [Symbol.asyncDispose]() {
      if (isDone) return;
      const isOurs = sink.hold?.() !== false;
      // Without a byte there is nothing to resume, and an empty file would look like a finished upload of nothing.
      await sink.discard({ ifEmpty: true });
      if (isOurs) await onBroken();
    },
  };
}

async function openForUpload(context: TransferContext, path: VirtualPath, how: OpenWriteOptions): Promise<FileSink> {
  const options = { ...how, signal: context.transfer.signal };
  const action = () => context.vfs.openWrite(path, options);
  return how.existing
    ? await action()
    : await withParents(context, path, { always: context.options.autoMkdir, action });
}

/**
 * Names with a number that STOU tries; if all of them are taken, thousands more may be, and each costs a look at the
 * disk.
 */
const NUMBERED_NAMES = 20;
/** Names with a random part tried then: one is as good as certain to be free. */
const RANDOM_NAMES = 5;

/** The open itself decides, and the name is kept until the upload is over, so two uploads never get the same name. */
async function openUnique(
  context: TransferContext,
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

/** The names for a file that should be called `wanted`, in the order of preference. */
function* uniqueNames(wanted: string): Generator<string, void> {
  yield wanted;
  for (let number = 1; number < NUMBERED_NAMES; number++) yield withEnding(wanted, `.${number}`);
  for (let tries = 0; tries < RANDOM_NAMES; tries++) yield withEnding(wanted, `.${randomPart()}`);
}

/** RANG has said how many bytes come. @throws {TransferFailed} where others came. */
function checkRange(length: number | undefined, { bytes, exceeded }: PumpResult): void {
  if (length === undefined || (bytes === length && !exceeded)) return;
  const text = exceeded
    ? `Received more than the ${length} bytes announced by RANG`
    : `Received only ${bytes} of the ${length} bytes announced by RANG`;
  throw new TransferFailed("sizeMismatch", text);
}

/**
 * Only TLS distinguishes a truncated stream from a finished one (RFC 4217 section 12.4). Many clients never send
 * close_notify, so the first end without it counts; a client that has sent one before has been cut off when the next is
 * missing.
 *
 * @throws {TransferFailed} for one that was cut.
 */
function checkCloseNotify(context: TransferContext, facts: TlsFacts | undefined): void {
  const { options: { tls }, security } = context;
  if (facts?.cleanClose === true) security.sendsCloseNotify = true;
  if (facts?.cleanClose !== false) return;
  context.transfer.unclean = true;
  if (tls?.strictClose || security.sendsCloseNotify) {
    throw new TransferFailed("tlsTruncated", "Data connection truncated, transfer incomplete");
  }
  context.emit({ type: "problem", level: "warning", message: "An upload ended without close_notify" });
}
