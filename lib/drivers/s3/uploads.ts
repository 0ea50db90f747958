/**
 * The multipart uploads of this server that are not over: those that run, and those that broke off and can be resumed.
 * The store keeps the parts; which uploads are ours, and so may be continued or removed, only this list says.
 *
 * @module
 */

import { messageOf } from "../../net/message_of.ts";
import type { ObjectHead, ObjectStore, OpenUpload, StoredPart, UploadName } from "./store.ts";

/** An upload that is not over, as it is kept over a restart. */
export interface UploadRecord extends OpenUpload {
  /** The URL of the bucket. */
  readonly bucket: string;
}

/**
 * Keeps the list over a restart, or for several servers. An upload is added before its first part, and removed once it
 * is over.
 */
export interface UploadRecords {
  /** All that were added and not removed; `undefined` if they cannot be known yet. */
  all(): Promise<readonly UploadRecord[] | undefined>;
  /** Adds an upload; the same again changes nothing. */
  add(record: UploadRecord): Promise<void>;
  /** Removes the upload with this id. */
  remove(id: string): Promise<void>;
}

/** An upload that broke off: the parts that the store has, without a gap, and their bytes altogether. */
export interface BrokenUpload extends OpenUpload {
  readonly parts: readonly StoredPart[];
  readonly size: number;
}

/** The options of {@link OpenUploads}. */
export interface OpenUploadsOptions {
  /** Where uploads are kept over a restart. Absent: nowhere. */
  readonly records?: UploadRecords | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  /** Called with what cannot be done now and is tried again later. */
  readonly onProblem?: ((message: string) => void) | undefined;
}

/** Milliseconds for which an upload that broke off can be resumed: a day. */
const LIFETIME = 86_400_000;

/** The uploads of one bucket. */
export class OpenUploads {
  readonly #store: ObjectStore;
  readonly #options: OpenUploadsOptions;
  readonly #broken = new Map<string, BrokenUpload>();
  /** The ids of those that this server has begun itself, or taken up. */
  readonly #begun = new Set<string>();
  /** Prefixes whose uploads were taken up. */
  readonly #loaded = new Map<string, Promise<boolean>>();

  constructor(store: ObjectStore, options: OpenUploadsOptions = {}) {
    this.#store = store;
    this.#options = options;
  }

  /** Takes up the uploads below `prefix` that a server before this one has left; those of more than a day are ended. */
  async load(prefix: string): Promise<void> {
    const loading = this.#loaded.get(prefix) ?? this.#load(prefix);
    this.#loaded.set(prefix, loading);
    try {
      if (!await loading) this.#loaded.delete(prefix);
    } catch (error) {
      this.#loaded.delete(prefix);
      throw error;
    }
  }

  async #load(prefix: string): Promise<boolean> {
    const { client: { url } } = this.#store;
    const records = await this.#options.records?.all();
    for (const record of records ?? []) {
      const isOurs = record.bucket === url && record.key.startsWith(prefix);
      if (isOurs && !this.#begun.has(record.id)) await this.keep(record, await this.#store.parts(record) ?? []);
    }
    return records !== undefined;
  }

  /** Begins an upload of the object `key`. */
  async begin(key: string, headers?: ObjectHead["headers"], signal?: AbortSignal): Promise<OpenUpload> {
    const upload = { key, id: await this.#store.begin(key, headers, signal), begun: this.#now() };
    this.#begun.add(upload.id);
    await this.#options.records?.add({ ...upload, bucket: this.#store.client.url });
    return upload;
  }

  /** The upload has become an object. */
  async completed({ id }: UploadName): Promise<void> {
    this.#begun.delete(id);
    await this.#options.records?.remove(id);
  }

  /** Ends an upload without an object. Never rejects: what cannot be ended now is left for the next sweep. */
  async abort(upload: UploadName): Promise<void> {
    try {
      await this.#store.abort(upload);
      this.#begun.delete(upload.id);
      await this.#options.records?.remove(upload.id);
    } catch (error) {
      this.#options.onProblem?.(`An upload that broke off stays in the object store: ${messageOf(error)}`);
    }
  }

  /** Keeps what the store has of an upload that broke off, if anything, and ends an older one of the same name. */
  async keep(upload: OpenUpload, parts: readonly StoredPart[]): Promise<void> {
    const gap = parts.findIndex(({ number }, index) => number !== index + 1);
    const whole = gap < 0 ? parts : parts.slice(0, gap);
    if (whole.length === 0 || upload.begun < this.#now() - LIFETIME) return await this.abort(upload);
    await this.endBroken(upload.key);
    this.#begun.add(upload.id);
    const size = whole.reduce((sum, part) => sum + part.size, 0);
    this.#broken.set(upload.key, { ...upload, parts: whole, size });
    await this.#endOld();
  }

  /** The upload of `key` that broke off, if there is one. */
  broken(key: string): BrokenUpload | undefined {
    const found = this.#broken.get(key);
    return found && found.begun >= this.#now() - LIFETIME ? found : undefined;
  }

  /** Takes the upload that broke off, to go on with it. */
  resume(upload: BrokenUpload): void {
    this.#broken.delete(upload.key);
  }

  /** Ends the upload of `key` that broke off, if there is one. */
  async endBroken(key: string): Promise<void> {
    const found = this.#broken.get(key);
    if (!found) return;
    this.#broken.delete(key);
    await this.abort(found);
  }

  async #endOld(): Promise<void> {
    for (const { key, begun } of this.#broken.values()) {
      if (begun < this.#now() - LIFETIME) await this.endBroken(key);
    }
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now();
  }
}
