/**
 * A job: files that move, one by one or many at once, each with its events and its failure.
 *
 * @module
 */

import { ClientError } from "../../client/errors.ts";
import { fetchFile, type FetchOptions, type FileOptions, storeFile } from "../../client/files.ts";
import type { RateLimiter } from "../../client/mod.ts";
import { present } from "../../net/present.ts";
import { AgentError } from "../errors.ts";
import { explain } from "../explain.ts";
import { exitStatusOf } from "../exit_status.ts";
import type { Crew, WorkOptions } from "./crew.ts";
import type { JobAction, JobReport } from "./events.ts";
import { setRemoteTime } from "./times.ts";
import { verifyTransfer } from "./digests.ts";

/** What all files of a job have in common. */
export interface Job {
  readonly crew: Crew;
  readonly report: JobReport;
  /** One limit for all connections. */
  readonly limiter?: RateLimiter | undefined;
  /** Goes on with what an earlier job left. @default false */
  readonly resume?: boolean | undefined;
  /** Ranges in which a large file is fetched at once. @default 1 */
  readonly segments?: number | undefined;
  /** Compares the two by a digest afterwards. @default false */
  readonly verify?: boolean | undefined;
  /** Gives uploads the time of the local file. @default false */
  readonly times?: boolean | undefined;
}

/** A file to fetch. */
export interface Fetch {
  readonly path: string;
  readonly target: string;
  /** From a listing. */
  readonly size?: number | undefined;
  /** From a listing: the local file gets it. */
  readonly modified?: number | undefined;
}

/** A local file to store. */
export interface Store {
  readonly source: string;
  readonly path: string;
  readonly size?: number | undefined;
  readonly modified?: number | undefined;
}

/**
 * Does `work` as the part of a job that is about `path`. Resolves to whether it was done: a failure is an event.
 *
 * @throws a failure that ends the whole job.
 */
export async function part({ crew, report }: Job, path: string, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    // Whoever runs the job reports what ends it, once.
    if (crew.isOver || (error instanceof AgentError && error.kind === "wrongUse")) throw error;
    report.emit({ event: "failed", path, message: explain(error), status: exitStatusOf(error) });
    return false;
  }
}

/** The tries of one file are events too. */
export function retriesOf({ report }: Job, path: string): Required<Pick<WorkOptions, "onRetry">> {
  return { onRetry: (error, wait) => report.emit({ event: "retry", path, message: explain(error), wait }) };
}

/** Fetches a file. Resolves to whether it is there. */
export async function getFile(job: Job, fetch: Fetch): Promise<boolean> {
  const { path, target, size, modified } = fetch;
  const { crew, report } = job;
  return await part(job, path, async () => {
    const inSegments = await getSegments(job, fetch);
    const result = inSegments ?? await crew.run(async (client, didMove) => {
      report.emit({ event: "start", action: "get", path, size });
      const options = present<FetchOptions>({ ...fileOptions(job, path), size, modified });
      const moved = await fetchFile(client, path, target, options);
      didMove();
      const verified = job.verify ? await verifyTransfer(client, path, target) : undefined;
      return { ...moved, verified };
    }, { size: size ?? Number.MAX_SAFE_INTEGER, ...retriesOf(job, path) });
    emitTransferred(job, "get", { path, target, ...result });
  });
}

/** `undefined`: it is to be fetched in one piece. */
async function getSegments(job: Job, fetch: Fetch): Promise<Omit<Moved, "path" | "target"> | undefined> {
  const { crew, report, segments = 1, resume = false } = job;
  const { path, target } = fetch;
  if (segments < 2 && !resume) return undefined;
  const { SegmentFile } = await import("../../client/segments/segment_file.ts");
  // What an earlier run has left in segments goes on in them.
  if (segments < 2 && !await SegmentFile.isThere(target)) return undefined;
  const { fetchInSegments } = await import("./segments.ts");
  const moved = await fetchInSegments(crew, { ...fetch, count: segments }, {
    ...fileOptions(job, path),
    ...retriesOf(job, path),
    onStart: (size) => report.emit({ event: "start", action: "get", path, size }),
  });
  if (!moved) return undefined;
  const verified = job.verify
    ? await crew.run((client) => verifyTransfer(client, path, target), retriesOf(job, path))
    : undefined;
  return { ...moved, verified };
}

/** Stores a file. Resolves to whether it is there. */
export async function putFile(job: Job, { source, path, size, modified }: Store): Promise<boolean> {
  const { crew, report } = job;
  return await part(job, source, async () => {
    const result = await crew.run(async (client, didMove) => {
      report.emit({ event: "start", action: "put", path: source, size });
      const moved = await storeFile(client, source, path, fileOptions(job, source));
      didMove();
      if (job.times && modified !== undefined && !await setRemoteTime(client, path, modified)) {
        report.emit({ event: "note", path, message: "The server does not let its time be set" });
      }
      const verified = job.verify ? await verifyTransfer(client, path, source) : undefined;
      return { ...moved, verified };
    }, { size: size ?? Number.MAX_SAFE_INTEGER, ...retriesOf(job, source) });
    emitTransferred(job, "put", { path: source, target: path, ...result });
  });
}

function fileOptions({ crew, report, limiter, resume }: Job, path: string) {
  return present<FileOptions & Required<Pick<FileOptions, "onNote">>>({
    limiter,
    resume,
    signal: crew.signal,
    onProgress: (bytes) => report.emit({ event: "progress", path, bytes }),
    onNote: (message) => report.emit({ event: "note", path, message }),
  });
}

interface Moved {
  readonly path: string;
  readonly target: string;
  readonly size: number;
  readonly resumedAt: number;
  readonly verified: string | undefined;
}

function emitTransferred({ report }: Job, action: JobAction, { path, target, size, resumedAt, verified }: Moved): void {
  report.emit({
    ...{ event: "transferred", action, path, target, bytes: size },
    ...(resumedAt > 0 && { resumedAt }),
    ...(verified !== undefined && { verified }),
  });
}

/** Whether `error` is the server's word that a path is not there, or not for this account. */
export function isMissing(error: unknown): boolean {
  return error instanceof ClientError && error.kind === "reply" && (error.code === 550 || error.code === 501);
}
