/**
 * A large file fetched in several ranges at once, each on a session of its own.
 *
 * @module
 */

import type { Client } from "../../client/client.ts";
import { ClientError } from "../../client/errors.ts";
import type { FileOptions, FileResult } from "../../client/files.ts";
import { PartMismatch, refusesRestart } from "../../client/resume.ts";
import { type FileVersion, type Segment, SegmentFile } from "../../client/segments/segment_file.ts";
import type { DownloadOptions } from "../../client/options.ts";
import { hasPart } from "../../client/local_file.ts";
import { present } from "../../net/present.ts";
import type { Crew, WorkOptions } from "./crew.ts";

/** Bytes of the smallest segment: for less, another connection costs more than it gains. */
export const LEAST_SEGMENT = 1024 * 1024;

/** A file to fetch in segments. */
export interface SegmentedFetch {
  readonly path: string;
  readonly target: string;
  /** From a listing. */
  readonly size?: number | undefined;
  /** From a listing: the local file gets it. */
  readonly modified?: number | undefined;
  /** Ranges at once. */
  readonly count: number;
}

/** The options of {@link fetchInSegments}. */
export interface SegmentedOptions extends Pick<FileOptions, "limiter" | "onProgress" | "resume"> {
  readonly onNote: (note: string) => void;
  readonly onRetry: Required<WorkOptions>["onRetry"];
  /** Called when it is known that it is going to be fetched in segments. */
  readonly onStart: (size: number) => void;
}

/**
 * Fetches a file in `count` segments, or what is left of those of an earlier run. Resolves to `undefined`, after a note
 * that says why, where it has to be fetched in one piece: the server cannot begin within a file, or the file changed
 * meanwhile. A small file is fetched in one piece without a word.
 *
 * @throws {ClientError}; what ended the crew; or the reason of the signal.
 */
export async function fetchInSegments(
  crew: Crew,
  fetch: SegmentedFetch,
  options: SegmentedOptions,
): Promise<FileResult | undefined> {
  const { path, target } = fetch;
  if (fetch.size !== undefined && fetch.size < 2 * LEAST_SEGMENT) return undefined;
  const isBegun = options.resume === true && await SegmentFile.isThere(target);
  if (options.resume && !isBegun && await hasPart(target)) return undefined;
  const version = await crew.run((client) => versionOf(client, path), options);
  if (typeof version === "string") {
    options.onNote(`Fetched in one piece: ${version}`);
    return undefined;
  }
  const count = Math.min(fetch.count, Math.floor(version.size / LEAST_SEGMENT));
  if (count < 2 && !isBegun) return undefined;
  return await inTurn(crew, () => fetchVersion(crew, { ...fetch, count: Math.max(count, 1) }, version, options));
}

async function fetchVersion(
  crew: Crew,
  { path, target, count, modified }: SegmentedFetch,
  version: FileVersion,
  options: SegmentedOptions,
): Promise<FileResult | undefined> {
  const { resume = false, onNote } = options;
  using file = await SegmentFile.open(target, version, { count, resume, onNote });
  options.onStart(version.size);
  const resumedAt = file.done;
  try {
    await fetchMissing(crew, { path, file }, options);
    const now = await crew.run((client) => versionOf(client, path), options);
    if (typeof now === "string" || !isSame(now, version)) throw new Changed("the file there has changed meanwhile");
    if (!await file.fits()) throw new Changed("the server has sent other parts of the file than were asked for");
  } catch (error) {
    const reason = reasonToRestart(error);
    if (reason === undefined) throw error;
    file.discard();
    onNote(`Starts anew, in one piece: ${reason}`);
    return undefined;
  }
  await file.commit(modified ?? version.modified);
  return { size: version.size, resumedAt };
}

/** The last file in segments of each crew. The next one waits: the segments of one are enough for all sessions. */
const latest = new WeakMap<Crew, Promise<unknown>>();

async function inTurn<T>(crew: Crew, work: () => Promise<T>): Promise<T> {
  const before = latest.get(crew);
  const running = (async () => {
    await before?.catch(() => {});
    return await work();
  })();
  latest.set(crew, running);
  return await running;
}

/** What has arrived are not the parts of one file. */
class Changed extends Error {}

/** What the server says of a file; or, in words, why it cannot be fetched in segments. */
async function versionOf(client: Client, path: string): Promise<FileVersion | string> {
  if (!client.features.has("REST")) return "the server does not offer to begin within a file (REST)";
  const size = await client.size(path).catch(unlessAnswered(UNKNOWN));
  if (size === undefined) return "the server does not say how long it is (SIZE)";
  return { size, modified: await client.modified(path).catch(unlessAnswered()) };
}

const UNKNOWN: readonly number[] = [500, 502, 504];

/** Makes `undefined` of a refusal with one of `codes`. Default: of any. */
function unlessAnswered(codes?: readonly number[]): (error: unknown) => undefined {
  return (error) => {
    const isRefusal = error instanceof ClientError && error.kind === "reply" && !error.isTemporary;
    if (!isRefusal || codes?.includes(error.code ?? 0) === false) throw error;
  };
}

function isSame(a: FileVersion, b: FileVersion): boolean {
  return a.size === b.size && a.modified === b.modified;
}

/** The first failure ends the others, which keep what has arrived. */
async function fetchMissing(
  crew: Crew,
  { path, file }: { readonly path: string; readonly file: SegmentFile },
  options: SegmentedOptions,
): Promise<void> {
  const { onRetry } = options;
  const end = new AbortController();
  const signal = AbortSignal.any([crew.signal, end.signal]);
  let failure: { readonly error: unknown } | undefined;
  await Promise.all(file.missing.map(async (segment) => {
    const work = (client: Client) => fetchSegment(client, { path, file, segment, signal, options });
    try {
      await crew.run(work, { size: segment.end - segment.start, onRetry });
    } catch (error) {
      failure ??= { error };
      end.abort(error);
    }
  }));
  if (failure) throw failure.error;
}

interface SegmentWork {
  readonly path: string;
  readonly file: SegmentFile;
  readonly segment: Segment;
  readonly signal: AbortSignal;
  readonly options: SegmentedOptions;
}

/** Begins a little before what is missing, so that one transfer both compares and goes on. */
async function fetchSegment(client: Client, { path, file, segment, signal, options }: SegmentWork): Promise<void> {
  signal.throwIfAborted();
  using writer = await file.continue(segment);
  const { offset } = writer;
  const { size } = file;
  const { limiter, onProgress } = options;
  const sink = {
    write: async (data: Uint8Array) => {
      await writer.write(data);
      onProgress?.(file.done);
    },
  };
  const end = segment.end < size ? segment.end : undefined;
  try {
    await client.download(path, sink, present<DownloadOptions>({ offset, end, size, limiter, signal }));
  } catch (error) {
    const isShort = error instanceof ClientError && error.kind === "truncated";
    if (isShort && await client.size(path) !== size) throw new Changed("the file there has changed meanwhile");
    throw error;
  }
}

/** Why everything has to start anew; `undefined` if a failure has other reasons. */
function reasonToRestart(error: unknown): string | undefined {
  if (error instanceof Changed) return error.message;
  if (!(error instanceof ClientError)) return undefined;
  if (error.cause instanceof PartMismatch) return error.cause.message;
  return refusesRestart(error) ? `the server cannot begin within a file (${error.code} ${error.reply})` : undefined;
}
