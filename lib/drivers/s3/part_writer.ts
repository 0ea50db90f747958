/**
 * Bytes on their way into an object: small ones are sent in one request at the end, others in parts while more come.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { VfsError } from "../../vfs/vfs.ts";
import { BEGINNING, type UploadMemory } from "./budget.ts";
import { etagOf } from "./ending.ts";
import { StoreError } from "./errors.ts";
import type { BucketLocks } from "./bucket_locks.ts";
import type { StoreAbilities } from "./probe.ts";
import type { BrokenUpload, OpenUploads } from "./uploads.ts";
import type { Condition, CopiedRange, ObjectHead, ObjectStore, OpenUpload, StoredPart } from "./store.ts";

/** Bytes of every part but the last, at least (Amazon S3, "multipart upload limits"): 5 MiB. */
export const SMALLEST_PART = 5 * 1024 * 1024;
/** Parts of one size; the next have twice as many bytes. So 10,000, the most there may be, hold 448 GiB. */
const PARTS_OF_ONE_SIZE = 1000;
const LARGEST_PART = 64 * 1024 * 1024;
const MOST_PARTS = 10_000;
/** Bytes that are copied into one part at most (UploadPartCopy): 5 GiB. */
const LARGEST_COPY = 5 * 1024 ** 3;
/** Parts of one upload that are sent at the same time. */
const AT_ONCE = 4;

/** What a {@link PartWriter} works with. */
export interface WriterTools {
  readonly store: ObjectStore;
  readonly uploads: OpenUploads;
  readonly memory: UploadMemory;
  /** What the store can do; known before the first upload is opened. */
  readonly abilities: StoreAbilities;
  readonly locks: BucketLocks;
}

/** Writes one object. */
export class PartWriter {
  readonly #tools: WriterTools;
  readonly #key: string;
  readonly #headers: ObjectHead["headers"] | undefined;
  readonly #over = new AbortController();
  readonly #parts: StoredPart[] = [];
  readonly #sending = new Set<Promise<void>>();
  #upload: OpenUpload | undefined;
  /** Whether the store was asked to make the object. */
  #isCompleting = false;
  /** An upload that broke off, until the first further part. */
  #untaken: BrokenUpload | undefined;
  #next = 1;
  #size = 0;
  #buffer = new Uint8Array();
  #filled = 0;
  #lease: Disposable | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** @param headers of the object, such as its content type. */
  constructor(tools: WriterTools, key: string, headers?: ObjectHead["headers"]) {
    this.#tools = tools;
    this.#key = key;
    this.#headers = headers;
  }

  /** Goes on with `upload`, from the end of its first `count` parts. */
  static resuming(tools: WriterTools, upload: BrokenUpload, count: number): PartWriter {
    const writer = new PartWriter(tools, upload.key);
    writer.#untaken = upload;
    writer.#parts.push(...upload.parts.slice(0, count));
    writer.#size = writer.#parts.reduce((sum, { size }) => sum + size, 0);
    writer.#next = count + 1;
    return writer;
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  /** Takes a copy of `data`; waits while there is no memory for it. */
  async write(data: Uint8Array): Promise<void> {
    for (let done = 0; done < data.length;) {
      this.#throwFailure();
      if (this.#filled === this.#buffer.length) await this.#makeRoom();
      const piece = data.subarray(done, done + this.#buffer.length - this.#filled);
      this.#buffer.set(piece, this.#filled);
      this.#filled += piece.length;
      this.#size += piece.length;
      done += piece.length;
    }
  }

  /** Adds a range of an object; what was written before it must be nothing, or {@link SMALLEST_PART} at least. */
  async copy(range: CopiedRange): Promise<void> {
    await this.#flush();
    const { store } = this.#tools;
    const upload = await this.#begun();
    const count = Math.ceil((range.end - range.start) / LARGEST_COPY);
    const length = Math.ceil((range.end - range.start) / count);
    for (let start = range.start; start < range.end; start += length) {
      const piece = { ...range, start, end: Math.min(start + length, range.end) };
      const number = this.#takeNumber();
      const etag = await store.copyPart(upload, number, piece, this.#over.signal);
      this.#parts.push({ number, etag, size: piece.end - piece.start });
      this.#size += piece.end - piece.start;
    }
  }

  /** Bytes that must still be written before {@link copy} may follow. */
  get shortOfPart(): number {
    return this.#filled === 0 ? 0 : Math.max(0, SMALLEST_PART - this.#filled);
  }

  /** Makes the object, and resolves once the store has confirmed it. */
  async finish(condition?: Condition): Promise<void> {
    try {
      const { abilities: { conditionalPut, conditionalComplete, conditionalReplace }, locks } = this.#tools;
      const completes = condition?.none ? conditionalComplete : conditionalReplace;
      const inParts = this.#size > 0 &&
        (locks.mayBeLost || (condition !== undefined && !conditionalPut && completes));
      if (!this.#upload && !this.#untaken && !inParts) return await this.#put(condition);
      await this.#flush();
      await this.#settle();
      this.#throwFailure();
      await this.#complete(condition, completes);
    } finally {
      this.#release();
    }
  }

  /** Ends the upload without an object. Never rejects. */
  async abort(): Promise<void> {
    this.#over.abort(new VfsError("failed", "The upload has ended"));
    await this.#settle();
    this.#release();
    if (this.#upload) await this.#tools.uploads.abort(this.#upload, { isFresh: !this.#isCompleting });
  }

  /** Ends the upload, and keeps its whole parts for another one to go on. Never rejects. */
  async keep(): Promise<void> {
    await this.#settle();
    this.#release();
    if (this.#upload) await this.#tools.uploads.keep(this.#upload, this.#sorted());
  }

  async #put(wanted: Condition | undefined): Promise<void> {
    const body = this.#buffer.subarray(0, this.#filled);
    const condition = await this.#decided(wanted, this.#tools.abilities.conditionalPut);
    try {
      await this.#tools.store.put(this.#key, body, { headers: this.#headers, condition, signal: this.#over.signal });
    } catch (error) {
      // A second attempt meets the object of the first, whose answer was lost.
      if (!(error instanceof StoreError) || error.status !== 412) throw error;
      const there = await this.#tools.store.head(this.#key);
      if (there?.etag !== createHash("md5").update(body).digest("hex")) throw error;
    }
  }

  async #complete(wanted: Condition | undefined, isObeyed: boolean): Promise<void> {
    const { store, uploads } = this.#tools;
    const upload = await this.#begun();
    const parts = this.#sorted();
    const condition = await this.#decided(wanted, isObeyed);
    let isOver = false;
    this.#isCompleting = true;
    try {
      await store.complete(upload, parts, condition);
    } catch (error) {
      // Completed by an attempt whose answer was lost; the ETag of an object in parts ends with their number.
      isOver = error instanceof StoreError && (error.code === "NoSuchUpload" || error.status === 412);
      const there = isOver ? await store.head(this.#key) : undefined;
      const isOurs = error instanceof StoreError && error.status === 412
        ? there?.etag === etagOf(parts)
        : there?.etag.endsWith(`-${parts.length}`);
      if (there?.size !== this.#size || !isOurs) throw error;
    }
    const there = await store.head(this.#key);
    if (there?.size !== this.#size) {
      throw new StoreError(`The object store has ${there?.size ?? "no"} bytes of ${this.#size}`, {
        status: 200,
        code: "SizeMismatch",
      });
    }
    // An attempt that was broken off may have left the upload open although the object is there.
    await (isOver ? uploads.abort(upload) : uploads.completed(upload));
    this.#upload = undefined;
  }

  /**
   * The condition for the store, if it obeys it. Else the object is looked at right before, and so is the lock of this
   * upload where it may have been lost: a server that was stopped for a while does not know.
   */
  async #decided(condition: Condition | undefined, isObeyed: boolean): Promise<Condition | undefined> {
    const { store, locks } = this.#tools;
    if (condition && !isObeyed) {
      const etag = (await store.head(this.#key))?.etag;
      if (etag !== condition.match) throw changedMeanwhile("The object is not the one that was there");
    }
    if (locks.mayBeLost && !await locks.confirm(this.#key)) throw changedMeanwhile("Another upload has the object");
    return isObeyed ? condition : undefined;
  }

  async #makeRoom(): Promise<void> {
    const { memory } = this.#tools;
    const whole = this.#partSize();
    if (this.#filled === 0 || this.#filled >= Math.min(SMALLEST_PART, whole)) {
      await this.#flush();
      const size = this.#upload ? this.#partSize() : Math.min(BEGINNING, whole);
      this.#lease = await memory.take(size, this.#over.signal);
      this.#buffer = new Uint8Array(size);
      return;
    }
    const lease = await memory.take(whole, this.#over.signal);
    const grown = new Uint8Array(whole);
    grown.set(this.#buffer);
    this.#lease?.[Symbol.dispose]();
    [this.#lease, this.#buffer] = [lease, grown];
  }

  /** Sends what is in the buffer as a part, and returns once there is room for another. */
  async #flush(): Promise<void> {
    if (this.#filled === 0) return;
    const body = this.#buffer.subarray(0, this.#filled);
    const lease = this.#lease;
    [this.#buffer, this.#filled, this.#lease] = [new Uint8Array(), 0, undefined];
    try {
      const upload = await this.#begun();
      this.#send(upload, this.#takeNumber(), body, lease);
    } catch (error) {
      lease?.[Symbol.dispose]();
      throw error;
    }
    while (this.#sending.size >= AT_ONCE) await Promise.race(this.#sending);
  }

  #send(upload: OpenUpload, number: number, body: Uint8Array<ArrayBuffer>, lease: Disposable | undefined): void {
    const sent = this.#tools.store.upload(upload, number, body, this.#over.signal).then(
      (etag) => void this.#parts.push({ number, etag, size: body.length }),
      (error) => void (this.#failure ??= { error }),
    ).finally(() => {
      lease?.[Symbol.dispose]();
      this.#sending.delete(sent);
    });
    this.#sending.add(sent);
  }

  async #begun(): Promise<OpenUpload> {
    if (this.#untaken) {
      await this.#tools.uploads.resume(this.#untaken);
      [this.#upload, this.#untaken] = [this.#untaken, undefined];
    }
    this.#upload ??= await this.#tools.uploads.begin(this.#key, this.#headers, this.#over.signal);
    return this.#upload;
  }

  async #settle(): Promise<void> {
    while (this.#sending.size > 0) await Promise.all(this.#sending);
  }

  #sorted(): StoredPart[] {
    return this.#parts.toSorted((one, other) => one.number - other.number);
  }

  #release(): void {
    this.#lease?.[Symbol.dispose]();
    [this.#buffer, this.#filled, this.#lease] = [new Uint8Array(), 0, undefined];
  }

  #partSize(): number {
    const doubled = SMALLEST_PART * 2 ** Math.floor((this.#next - 1) / PARTS_OF_ONE_SIZE);
    return Math.min(doubled, LARGEST_PART, this.#tools.memory.largestPart);
  }

  #takeNumber(): number {
    if (this.#next > MOST_PARTS) throw new VfsError("tooLarge", `More than ${MOST_PARTS} parts`);
    return this.#next++;
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}

/** As a store answers that obeys conditions. */
function changedMeanwhile(message: string): StoreError {
  return new StoreError(message, { status: 412, code: "PreconditionFailed" });
}
