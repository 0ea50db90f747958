/**
 * The hidden file of a download in segments: each has its place in it, and after the last byte it says how far each is.
 *
 * @module
 */

import { digestOf, JoinDigest } from "./join_digest.ts";
import { type Overlap, PartMismatch, TailCheck } from "../resume.ts";
import { writeAllSync } from "../../net/write_all.ts";
import {
  hasPart,
  type HiddenFile,
  locally,
  openHidden,
  readBefore,
  removeQuietly,
  replaceTarget,
  TAIL_SIZE,
} from "../local_file.ts";

const SUFFIX = ".denoftpd-segments";
/** Bytes that arrive between two records of how far the segments are: a crash costs at most so many. */
const RECORD_EVERY = 8 * 1024 * 1024;
/** Bytes of the longest record that is read. */
const MOST_RECORD = 64 * 1024;

/** What a file on a server is told by: with another one, nothing of an earlier download is of use. */
export interface FileVersion {
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970; `undefined` if the server does not say. */
  readonly modified: number | undefined;
}

/** A range of the file: the bytes from `start` to before `end`, of which the first `done` are there. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly done: number;
}

interface Bounds extends Segment {
  done: number;
  /**
   * Digest of the bytes right before it, as they arrived with it. A server that begins elsewhere than it was asked to,
   * because it forgot REST or remembers an earlier one, would otherwise have its bytes stored in the wrong place.
   */
  join: string | null;
}

/** Of a download in segments, the file that grows beside its target. Disposing of it keeps what has arrived. */
export class SegmentFile implements Disposable {
  readonly #hidden: HiddenFile;
  readonly #version: FileVersion;
  readonly #segments: readonly Bounds[];
  #unrecorded = 0;
  #isOver = false;

  private constructor(hidden: HiddenFile, version: FileVersion, segments: readonly Bounds[]) {
    this.#hidden = hidden;
    this.#version = version;
    this.#segments = segments;
  }

  /**
   * Opens what an earlier download of the same version has left, or begins one with `count` segments of equal size.
   *
   * @param onNote called with the reason, in words, if what is there is of no use.
   * @throws {ClientError} `local`, also if another download of the same file is running.
   */
  static async open(
    target: string,
    version: FileVersion,
    { count, resume, onNote }: { count: number; resume: boolean; onNote: (note: string) => void },
  ): Promise<SegmentFile> {
    return await locally(async () => {
      const hidden = await openHidden(target, SUFFIX);
      try {
        const { size } = hidden.file.statSync();
        const left = resume && size > 0 ? readRecord(hidden.file, version) : undefined;
        if (left) return new SegmentFile(hidden, version, left);
        if (resume && size > 0) onNote("Starts anew: the file there has changed since");
        hidden.file.truncateSync(0);
        const file = new SegmentFile(hidden, version, divide(version.size, count));
        file.#record();
        return file;
      } catch (error) {
        // Without a record nothing of it can be used.
        const isUseless = hidden.file.statSync().size <= version.size;
        hidden.file.close();
        if (isUseless) removeQuietly(hidden.path);
        throw error;
      }
    });
  }

  /** Whether an earlier download in segments of `target` has left something. */
  static isThere(target: string): Promise<boolean> {
    return hasPart(target, SUFFIX);
  }

  /** Bytes of the whole file. */
  get size(): number {
    return this.#version.size;
  }

  /** Those that are not complete. */
  get missing(): readonly Segment[] {
    return this.#segments.filter(({ start, end, done }) => start + done < end);
  }

  /** Bytes that are there. */
  get done(): number {
    return this.#segments.reduce((sum, { done }) => sum + done, 0);
  }

  /** Opens one of {@link missing}, at the byte where it goes on. */
  async continue(segment: Segment): Promise<SegmentWriter> {
    const bounds = this.#segments.find(({ start }) => start === segment.start);
    if (!bounds) throw new TypeError(`No segment begins at ${segment.start}`);
    // Each has a position of its own in the file.
    const file = await locally(() => Deno.openSync(this.#hidden.path, { read: true, write: true }));
    try {
      const overlap = await overlapOf(file, bounds);
      return new SegmentWriter(file, bounds, overlap, (bytes) => this.#moved(bytes));
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Whether each segment goes on where the one before ends, when all are complete. */
  async fits(): Promise<boolean> {
    const { file } = this.#hidden;
    for (const { start, join } of this.#segments) {
      if (start === 0) continue;
      const before = await locally(() => readBefore(file, start, Math.min(TAIL_SIZE, start)));
      if (digestOf(before) !== join) return false;
    }
    return true;
  }

  /** Makes it the file. @param modified milliseconds since 1970, as the server has it. */
  async commit(modified?: number): Promise<void> {
    await locally(() => {
      this.#hidden.file.truncateSync(this.#version.size);
      this.#isOver = true;
      replaceTarget(this.#hidden, modified);
    });
  }

  /** Drops what is there. */
  discard(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#hidden.file.close();
    removeQuietly(this.#hidden.path);
  }

  /** Keeps what is there, unless it is nothing. */
  [Symbol.dispose](): void {
    if (this.#isOver) return;
    if (this.done === 0) return this.discard();
    this.#isOver = true;
    try {
      this.#record();
    } catch {
      // The disk is full: the record before is still there, and true.
    } finally {
      this.#hidden.file.close();
    }
  }

  #moved(bytes: number): void {
    this.#unrecorded += bytes;
    if (this.#unrecorded >= RECORD_EVERY) this.#record();
  }

  /** The numbers only grow, so a shorter record never leaves the end of a longer one behind it. */
  #record(): void {
    const { file } = this.#hidden;
    const { size, modified = null } = this.#version;
    const segments = this.#segments.map(({ start, end, done, join }) => [start, end, done, join]);
    const bytes = new TextEncoder().encode(`${JSON.stringify({ size, modified, segments })}\n`);
    file.seekSync(size, Deno.SeekMode.Start);
    writeAllSync(file, bytes);
    this.#unrecorded = 0;
  }
}

/** What the transfer of `segment` repeats before the byte that is missing. */
async function overlapOf(file: Deno.FsFile, segment: Bounds): Promise<Overlap> {
  const { start, done } = segment;
  if (done === 0 && start > 0) {
    return new JoinDigest(Math.min(TAIL_SIZE, start), (digest) => void (segment.join = digest));
  }
  return new TailCheck(await locally(() => readBefore(file, start + done, Math.min(TAIL_SIZE, done))));
}

/** Writes to one segment, from where it is. */
export class SegmentWriter implements Disposable {
  /** The byte of the whole file at which the transfer begins. */
  readonly offset: number;
  readonly #file: Deno.FsFile;
  readonly #bounds: Bounds;
  readonly #overlap: Overlap;
  readonly #moved: (bytes: number) => void;
  #isPlaced = false;

  /** Takes over `file`. */
  constructor(file: Deno.FsFile, bounds: Bounds, overlap: Overlap, moved: (bytes: number) => void) {
    this.offset = bounds.start + bounds.done - overlap.length;
    this.#file = file;
    this.#bounds = bounds;
    this.#overlap = overlap;
    this.#moved = moved;
  }

  /** Takes what arrives from {@link offset} on. @throws {PartMismatch}; {@link ClientError} `local` on a full disk. */
  async write(data: Uint8Array): Promise<void> {
    const bounds = this.#bounds;
    const rest = this.#overlap.pass(data);
    if (bounds.start + bounds.done + rest.length > bounds.end) {
      throw new PartMismatch("the file there has become longer");
    }
    await locally(() => {
      if (!this.#isPlaced) this.#file.seekSync(bounds.start + bounds.done, Deno.SeekMode.Start);
      this.#isPlaced = true;
      writeAllSync(this.#file, rest);
      bounds.done += rest.length;
      this.#moved(rest.length);
    });
  }

  /** Closes its file. */
  [Symbol.dispose](): void {
    this.#file.close();
  }
}

function divide(size: number, count: number): Bounds[] {
  const length = Math.ceil(size / count);
  return Array.from({ length: count }, (_, index) => {
    return { start: index * length, end: Math.min((index + 1) * length, size), done: 0, join: null };
  });
}

/** `undefined` if there is none, or one of another version of the file. */
function readRecord(file: Deno.FsFile, { size, modified }: FileVersion): Bounds[] | undefined {
  const { size: whole } = file.statSync();
  if (whole <= size || whole - size > MOST_RECORD) return undefined;
  let record: unknown;
  try {
    record = JSON.parse(new TextDecoder().decode(readBefore(file, whole, whole - size)));
  } catch {
    return undefined;
  }
  if (!isRecord(record) || record.size !== size || record.modified !== (modified ?? null)) return undefined;
  const segments = record.segments.map(([start, end, done, join]) => ({ start, end, done, join }));
  return covers(segments, size) ? segments : undefined;
}

interface StoredRecord {
  readonly size: number;
  readonly modified: number | null;
  readonly segments: readonly (readonly [start: number, end: number, done: number, join: string | null])[];
}

function isRecord(value: unknown): value is StoredRecord {
  if (typeof value !== "object" || value === null || !("segments" in value)) return false;
  return Array.isArray(value.segments) && value.segments.every(isStoredSegment);
}

function isStoredSegment(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 4) return false;
  const [start, end, done, join] = value;
  return [start, end, done].every(Number.isSafeInteger) && (join === null || typeof join === "string");
}

/** Whether `segments` are all of a file of `size` bytes, one after the other. */
function covers(segments: readonly Segment[], size: number): boolean {
  let at = 0;
  for (const { start, end, done } of segments) {
    if (start !== at || end <= start || done < 0 || start + done > end) return false;
    at = end;
  }
  return at === size;
}
