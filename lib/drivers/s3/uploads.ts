/**
 * The multipart uploads to one bucket that are not over: those that run, and those that broke off and can be resumed.
 *
 * @module
 */

import { messageOf } from "../../net/message_of.ts";
import { endUpload } from "./ending.ts";
import { StoreError } from "./errors.ts";
import type { KnownUpload, UploadRegistry } from "./known_uploads.ts";
import type { ObjectHead, ObjectStore, OpenUpload, StoredPart } from "./store.ts";

/** An upload that broke off: the parts that the store has, without a gap, and their bytes altogether. */
export interface BrokenUpload extends OpenUpload {
  readonly parts: readonly StoredPart[];
  readonly size: number;
}

/** The options of {@link OpenUploads}. */
export interface OpenUploadsOptions {
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  /** Called with what cannot be done now and is tried again later. */
  readonly onProblem?: ((message: string) => void) | undefined;
}

/** Milliseconds for which an upload that broke off can be resumed: a day. */
const LIFETIME = 86_400_000;
/** Begins the id of an upload that the store may have begun without our knowing its own id. */
const ANNOUNCED = "?";
/** Begins the id of what is only tried: its object goes with its uploads. */
const TRIED = `${ANNOUNCED}try-`;

/** Of an attempt. */
const ENDED = { status: 409, code: "Ended" };

/** The uploads of one bucket. */
export class OpenUploads {
  readonly #store: ObjectStore;
  readonly #registryNow: () => UploadRegistry;
  readonly #options: OpenUploadsOptions;
  /** The ids of those that broke off and were found to be worth keeping. */
  readonly #worthy = new Set<string>();
  #swept: Promise<boolean> | undefined;

  /** @param registry where uploads are known: it may become another one until the first is begun. */
  constructor(store: ObjectStore, registry: () => UploadRegistry, options: OpenUploadsOptions = {}) {
    this.#store = store;
    this.#registryNow = registry;
    this.#options = options;
  }

  /** Ends what a server before this one has left and nobody can go on with; once, as soon as it is known. */
  async load(): Promise<void> {
    if (this.#registry.hasJanitor) return;
    try {
      if (!await (this.#swept ??= this.sweep())) this.#swept = undefined;
    } catch (error) {
      this.#swept = undefined;
      throw error;
    }
  }

  /**
   * Ends what broke off and cannot be resumed: it is more than a day old, has no whole part, or there is a file by now.
   * Resolves to whether the uploads were known.
   */
  async sweep(): Promise<boolean> {
    const known = await this.#registry.of(this.#bucket);
    for (const upload of known ?? []) {
      if (upload.isReceived) continue;
      if (upload.id.startsWith(ANNOUNCED)) await this.#endUnknown(upload);
      else if (!await this.#isWorthy(upload)) await this.abort(upload);
    }
    return known !== undefined;
  }

  /** Begins an upload of the object `key`. */
  async begin(key: string, headers?: ObjectHead["headers"], signal?: AbortSignal): Promise<OpenUpload> {
    const begun = this.#now();
    const { hasJanitor } = this.#registry;
    const announced = { key, begun, bucket: this.#bucket, id: `${ANNOUNCED}${crypto.randomUUID()}` };
    if (hasJanitor) await this.#registry.receive(announced);
    let isSingle = true;
    const onRetry = () => void (isSingle = false);
    try {
      const upload = { key, begun, id: await this.#store.begin(key, { headers: headers ?? {}, signal, onRetry }) };
      await this.#registry.receive({ ...upload, bucket: this.#bucket });
      // The store may have begun one more, whose id was lost with its answer.
      if (hasJanitor) await (isSingle ? this.#registry.remove(announced) : this.#registry.keep(announced));
      return upload;
    } catch (error) {
      // The store may have begun it: the janitor looks.
      if (hasJanitor) await this.#registry.keep(announced);
      throw error;
    }
  }

  /**
   * Tries something with an object and with uploads of `key`, which nobody else uses; `act` removes both, and calls
   * `onRetry` where the store may have begun more than it has answered. What is left if this server or the store dies
   * meanwhile is ended like an upload that nobody goes on with.
   *
   * @throws {StoreError} if another server, to which this one seemed dead, has ended it: the outcome says nothing then.
   */
  async attempt<T>(key: string, act: (onRetry: () => void) => Promise<T>): Promise<T> {
    const record = { key, begun: this.#now(), bucket: this.#bucket, id: `${TRIED}${crypto.randomUUID()}` };
    await this.#registry.receive(record);
    let isClean = true;
    try {
      const outcome = await act(() => void (isClean = false));
      const known = await this.#registry.of(this.#bucket, key);
      if (known?.every(({ id }) => id !== record.id)) throw new StoreError("Ended by another server", ENDED);
      return outcome;
    } catch (error) {
      isClean = false;
      throw error;
    } finally {
      await (isClean ? this.#registry.remove(record) : this.#registry.keep(record));
    }
  }

  /** The upload has become an object. */
  async completed(upload: OpenUpload): Promise<void> {
    await this.#registry.remove({ ...upload, bucket: this.#bucket });
  }

  /**
   * Ends an upload, without an object unless there is one of its parts. Never rejects: what cannot be ended now is left
   * for the next sweep. `isFresh`: nobody has asked yet that it becomes an object.
   */
  async abort(upload: OpenUpload, { isFresh = false } = {}): Promise<void> {
    const record = { ...upload, bucket: this.#bucket };
    try {
      await (isFresh ? this.#store.abort(upload) : endUpload(this.#store, upload));
      this.#worthy.delete(upload.id);
      await this.#registry.remove(record);
    } catch (error) {
      this.#options.onProblem?.(`An upload that broke off stays in the object store: ${messageOf(error)}`);
      await this.#registry.keep(record).catch(() => {});
    }
  }

  /** Keeps what the store has of an upload that broke off, if anything, and ends an older one of the same name. */
  async keep(upload: OpenUpload, parts: readonly StoredPart[]): Promise<void> {
    if (withoutGap(parts).length === 0 || this.#isOld(upload)) return await this.abort(upload);
    await this.#registry.keep({ ...upload, bucket: this.#bucket });
    await this.endBroken(upload.key, upload.id);
    if (!this.#registry.hasJanitor) await this.#endOld();
  }

  /** The upload of `key` that broke off, if there is one. */
  async broken(key: string): Promise<BrokenUpload | undefined> {
    const known = await this.#resumable(key);
    for (const upload of known.toSorted((one, other) => other.begun - one.begun)) {
      const parts = withoutGap(await this.#store.parts(upload) ?? []);
      if (parts.length === 0 || this.#isOld(upload)) continue;
      const { id, begun } = upload;
      return { key, id, begun, parts, size: parts.reduce((sum, { size }) => sum + size, 0) };
    }
    return undefined;
  }

  /** This server goes on with an upload that broke off. */
  async resume(upload: OpenUpload): Promise<void> {
    const { key, id, begun } = upload;
    await this.#registry.receive({ key, id, begun, bucket: this.#bucket });
  }

  /** Ends the uploads of `key` that broke off, but for the one with the id `kept`. */
  async endBroken(key: string, kept?: string): Promise<void> {
    for (const upload of await this.#resumable(key)) if (upload.id !== kept) await this.abort(upload);
  }

  get #registry(): UploadRegistry {
    return this.#registryNow();
  }

  get #bucket(): string {
    return this.#store.client.url;
  }

  async #resumable(key: string): Promise<KnownUpload[]> {
    const known = await this.#registry.of(this.#bucket, key) ?? [];
    return known.filter(({ id, isReceived }) => !isReceived && !id.startsWith(ANNOUNCED));
  }

  async #endOld(): Promise<void> {
    for (const upload of await this.#registry.of(this.#bucket) ?? []) {
      if (!upload.isReceived && this.#isOld(upload)) await this.abort(upload);
    }
  }

  async #isWorthy(upload: KnownUpload): Promise<boolean> {
    if (this.#isOld(upload)) return false;
    if (this.#worthy.has(upload.id)) return true;
    const isWorthy = !await this.#store.head(upload.key) &&
      withoutGap(await this.#store.parts(upload) ?? []).length > 0;
    if (isWorthy) this.#worthy.add(upload.id);
    return isWorthy;
  }

  /** Who announced it died before the store's answer: an upload of this key that is not known is this one. */
  async #endUnknown(announced: KnownUpload): Promise<void> {
    const { key } = announced;
    const began = await Array.fromAsync(this.#store.uploads(key));
    // Asked after the store: what was begun in the meantime is known, or announced, by now.
    const known = await this.#registry.of(this.#bucket, key);
    if (!known || known.some(({ id, isReceived }) => isReceived && id.startsWith(ANNOUNCED))) return;
    for (const upload of began) {
      if (upload.key === key && !known.some(({ id }) => id === upload.id)) await this.#store.abort(upload);
    }
    if (announced.id.startsWith(TRIED)) await this.#store.remove(key);
    await this.#registry.remove(announced);
  }

  #isOld({ begun }: OpenUpload): boolean {
    return begun < this.#now() - LIFETIME;
  }

  #now(): number {
    return this.#options.now?.() ?? Date.now();
  }
}

/** The parts up to the first one that is missing. */
function withoutGap(parts: readonly StoredPart[]): readonly StoredPart[] {
  const gap = parts.findIndex(({ number }, index) => number !== index + 1);
  return gap < 0 ? parts : parts.slice(0, gap);
}
