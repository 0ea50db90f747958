/**
 * Whole files, both ways, between a server and the local file system: what is interrupted can be resumed, and what was
 * there before is not lost.
 *
 * @module
 */

import { present } from "../net/present.ts";
import type { Client } from "./client.ts";
import { ClientError } from "./errors.ts";
import { LocalFile, PartFile, TAIL_SIZE } from "./local_file.ts";
import type { DownloadOptions, TransferOptions, UploadOptions } from "./options.ts";
import { isEqual, PartMismatch, refusesRestart, TailCheck } from "./resume.ts";

/** The options of both directions. */
export interface FileOptions extends Pick<TransferOptions, "ascii" | "limiter" | "signal"> {
  /** Goes on with what an earlier transfer left, if its end agrees with the other side. @default false */
  readonly resume?: boolean;
  /** Called with the size that the receiving side has so far. */
  readonly onProgress?: (bytes: number) => void;
  /** Called with the reason, in words, if a transfer that was to be resumed starts anew. */
  readonly onNote?: (note: string) => void;
}

/** The options of {@link fetchFile}. */
export interface FetchOptions extends FileOptions {
  /** Bytes, from a listing. Default: the server is asked only where it must be: to resume, and under TLS. */
  readonly size?: number;
  /** Milliseconds since 1970, from a listing: the local file gets it. */
  readonly modified?: number;
}

/** The options of {@link storeFile}. */
export interface StoreOptions extends FileOptions {
  /** Adds to the end of the remote file (APPE) instead of replacing it. @default false */
  readonly append?: boolean;
}

/** What was moved. */
export interface FileResult {
  /** Bytes of the whole file. */
  readonly size: number;
  /** Bytes that an earlier transfer had moved already. */
  readonly resumedAt: number;
}

/**
 * Fetches a file. `target` is replaced when all has arrived; until then it is as it was. What has arrived stays beside
 * it for a later call with `resume`.
 *
 * @throws {ClientError}, or the reason of the signal.
 */
export async function fetchFile(
  client: Client,
  path: string,
  target: string,
  options: FetchOptions = {},
): Promise<FileResult> {
  using part = await PartFile.open(target, options);
  const size = options.size ?? (part.size > 0 || client.isSecure ? await sizeOf(client, path) : undefined);
  if (size !== undefined && part.size > size) {
    options.onNote?.("Starts anew: the part here is longer than the file there");
    await part.clear();
  }
  const resumedAt = await resumedOrAnew(part.size, options, async (offset) => {
    if (offset < part.size) await part.clear();
    await fetchRest(client, path, part, size, options);
    return offset;
  });
  const result = { size: part.size, resumedAt };
  await part.commit(options.modified);
  return result;
}

/** Begins a little before the end of the part, so that one transfer both compares and goes on. */
async function fetchRest(
  client: Client,
  path: string,
  part: PartFile,
  size: number | undefined,
  { ascii, limiter, signal, onProgress }: FetchOptions,
): Promise<void> {
  const check = new TailCheck(await part.tail(Math.min(TAIL_SIZE, part.size)));
  const offset = part.size - check.length;
  const sink = {
    write: async (data: Uint8Array) => {
      const rest = check.pass(data);
      if (rest.length > 0) await part.write(rest);
      onProgress?.(part.size);
    },
  };
  await client.download(path, sink, present<DownloadOptions>({ offset, size, ascii, limiter, signal }));
  if (!check.isOver) throw new ClientError("truncated", "The file there ends before the part here does");
}

/** Calls `move` with `offset`, and with 0 if a transfer from there turns out to be impossible. */
async function resumedOrAnew<T>(
  offset: number,
  { onNote }: FileOptions,
  move: (offset: number) => Promise<T>,
): Promise<T> {
  try {
    return await move(offset);
  } catch (error) {
    const reason = offset > 0 ? reasonToRestart(error) : undefined;
    if (reason === undefined) throw error;
    onNote?.(`Starts anew: ${reason}`);
    return await move(0);
  }
}

/** Why a resumed transfer has to start anew; `undefined` if its failure has other reasons. */
function reasonToRestart(error: unknown): string | undefined {
  if (!(error instanceof ClientError)) return undefined;
  if (error.cause instanceof PartMismatch) return error.cause.message;
  return refusesRestart(error) ? `the server cannot resume (${error.code} ${error.reply})` : undefined;
}

/**
 * Stores a local file. With `resume` the remote file is continued if it is shorter and the end of it agrees with the
 * local one.
 *
 * @throws {ClientError}, or the reason of the signal.
 */
export async function storeFile(
  client: Client,
  source: string,
  path: string,
  options: StoreOptions = {},
): Promise<FileResult> {
  using file = new LocalFile(source);
  const { append, ascii, limiter, signal, onProgress } = options;
  const resumedAt = options.resume ? await agreedSize(client, path, file, options) : 0;
  if (resumedAt > 0 && resumedAt === file.size) return { size: resumedAt, resumedAt };
  return await resumedOrAnew(resumedAt, options, async (offset) => {
    if (options.resume) file.seek(offset);
    const report = (bytes: number) => onProgress?.(offset + bytes);
    const sent = await client.upload(
      file,
      path,
      present<UploadOptions>({ offset, onProgress: report, append, ascii, limiter, signal }),
    );
    return { size: offset + sent, resumedAt: offset };
  });
}

/** Bytes at the start of the remote file that are those of the local one, as far as its end shows. */
async function agreedSize(
  client: Client,
  path: string,
  file: LocalFile,
  { onNote, signal }: FileOptions,
): Promise<number> {
  const remote = await sizeOf(client, path);
  if (remote === undefined || remote === 0) return 0;
  if (remote > file.size) {
    onNote?.("Starts anew: the file there is longer than the file here");
    return 0;
  }
  const length = Math.min(TAIL_SIZE, remote);
  const tail = new Uint8Array(length);
  let filled = 0;
  const sink = {
    write: (data: Uint8Array) => {
      const part = data.subarray(0, length - filled);
      tail.set(part, filled);
      filled += part.length;
      return Promise.resolve();
    },
  };
  await client.download(path, sink, present<DownloadOptions>({ offset: remote - length, size: remote, signal }));
  const own = new Uint8Array(length);
  file.seek(remote - length);
  for (let at = 0; at < length;) at += await file.read(own.subarray(at)) ?? length;
  if (isEqual(own, tail)) return remote;
  onNote?.("Starts anew: the file there differs from the file here");
  return 0;
}

/** `undefined` if the server does not say, or there is no such file. */
async function sizeOf(client: Client, path: string): Promise<number | undefined> {
  try {
    return await client.size(path);
  } catch (error) {
    if (error instanceof ClientError && error.kind === "reply") return undefined;
    throw error;
  }
}
