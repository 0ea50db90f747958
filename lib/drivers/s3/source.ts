/**
 * Reads an object as it was when it was opened; a connection that breaks is made again, from where it broke.
 *
 * @module
 */

import { type FileSource, VfsError } from "../../vfs/vfs.ts";
import { isMissing, StoreError, vfsErrorOf } from "./errors.ts";
import { headOf, type ObjectHead, type ObjectStore } from "./store.ts";

/** Connections in a row that may break without a byte. */
const MOST_BREAKS = 3;

/** An object from `offset` on; `undefined` if there is none. @throws {VfsError} `pastEnd`. */
export async function openSource(store: ObjectStore, key: string, offset: number): Promise<FileSource | undefined> {
  try {
    const response = await request(store, key, offset);
    const object = headOf(response.headers);
    return new ObjectSource(store, key, { object, offset, body: response.body ?? undefined });
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (!(error instanceof StoreError) || error.status !== 416) throw error;
    const object = await store.head(key);
    if (object && offset > object.size) throw new VfsError("pastEnd", `Offset is past the end of "${key}"`);
    return object && new ObjectSource(store, key, { object, offset, body: undefined });
  }
}

function request(store: ObjectStore, key: string, offset: number, etag?: string): Promise<Response> {
  return store.client.open({
    method: "GET",
    key,
    headers: {
      // Bytes as they are stored, not as they may be shown.
      "accept-encoding": "identity",
      range: offset === 0 ? undefined : `bytes=${offset}-`,
      "if-match": etag === undefined ? undefined : `"${etag}"`,
    },
  });
}

interface Opened {
  readonly object: ObjectHead;
  readonly offset: number;
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
}

class ObjectSource implements FileSource {
  readonly size: number;
  readonly #store: ObjectStore;
  readonly #key: string;
  readonly #etag: string;
  #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  /** Received and not yet given away. */
  #chunk = new Uint8Array();
  #position: number;
  #isClosed = false;

  constructor(store: ObjectStore, key: string, { object, offset, body }: Opened) {
    this.size = object.size;
    this.#store = store;
    this.#key = key;
    this.#etag = object.etag;
    this.#position = offset;
    this.#reader = body?.getReader();
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#chunk.length === 0) await this.#receive();
    const count = Math.min(buffer.length, this.#chunk.length);
    buffer.set(this.#chunk.subarray(0, count));
    this.#chunk = this.#chunk.subarray(count);
    this.#position += count;
    return count === 0 ? null : count;
  }

  close(): void {
    this.#isClosed = true;
    this.#drop();
  }

  async #receive(): Promise<void> {
    for (let breaks = 0; this.#position < this.size && this.#chunk.length === 0 && !this.#isClosed;) {
      try {
        this.#reader ??= (await request(this.#store, this.#key, this.#position, this.#etag)).body?.getReader();
        const part = await this.#reader?.read();
        if (part?.value) this.#chunk = part.value;
        else throw new StoreError("The object store ended an object early", { status: 0, code: "Unanswered" });
      } catch (error) {
        this.#drop();
        const mayPass = !(error instanceof StoreError) || error.status === 0;
        if (!mayPass || ++breaks >= MOST_BREAKS) throw vfsErrorOf(error, this.#key);
      }
    }
  }

  /** A connection that breaks has nothing to say when it is given up. */
  #drop(): void {
    this.#reader?.cancel().catch(() => {});
    this.#reader = undefined;
  }
}
