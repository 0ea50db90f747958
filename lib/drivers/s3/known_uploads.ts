/**
 * Which multipart uploads are ours, who receives them now, and which broke off: the store keeps their parts, but does
 * not know whose they are. One process knows its own by itself; its workers ask it, and machines that serve one bucket
 * together ask what they share.
 *
 * @module
 */

import type { OpenUpload } from "./store.ts";

/** An upload that is not over, as it is kept over a restart. */
export interface UploadRecord extends OpenUpload {
  /** The URL of the bucket. */
  readonly bucket: string;
}

/** An upload that is not over. */
export interface KnownUpload extends UploadRecord {
  /** A server that is alive receives it now: nobody else may go on with it, or end it. */
  readonly isReceived: boolean;
}

/** Keeps uploads over a restart. */
export interface UploadRecords {
  /** All that were added and not removed; `undefined` if they cannot be known yet. */
  all(): Promise<readonly UploadRecord[] | undefined>;
  /** Adds an upload; the same again changes nothing. */
  add(record: UploadRecord): Promise<void>;
  /** Removes the upload with this id. */
  remove(id: string): Promise<void>;
}

/** The uploads of all servers that share them, as one of these servers sees and changes them. */
export interface UploadRegistry {
  /**
   * Whether an upload is announced before the store has begun it, and a janitor ends what nobody goes on with: for
   * servers that may die while others go on.
   *
   * @default false
   */
  readonly hasJanitor?: boolean;
  /** The uploads of a bucket, or of one key in it; `undefined` if they cannot be known yet. */
  of(bucket: string, key?: string): Promise<readonly KnownUpload[] | undefined>;
  /** This server receives an upload from now on: called before its first part, and before its first further part. */
  receive(record: UploadRecord): Promise<void>;
  /** An upload that this server has received broke off: any server may go on with it. */
  keep(record: UploadRecord): Promise<void>;
  /** An upload is over. */
  remove(record: UploadRecord): Promise<void>;
}

/** The uploads of one process, whose event loops see them through a {@link view} each. */
export class KnownUploads {
  readonly #records: UploadRecords | undefined;
  readonly #uploads = new Map<string, { readonly record: UploadRecord; readonly receiver: string | undefined }>();
  #isLoaded = false;

  /** @param records where they are kept over a restart; absent: nowhere. */
  constructor(records?: UploadRecords) {
    this.#records = records;
  }

  /** The registry for the event loop of this name. */
  view(receiver: string): UploadRegistry {
    return {
      of: (bucket, key) => this.#of(bucket, key),
      receive: async (record) => {
        this.#uploads.set(record.id, { record, receiver });
        await this.#records?.add(record);
      },
      keep: (record) => {
        this.#uploads.set(record.id, { record, receiver: undefined });
        return Promise.resolve();
      },
      remove: async ({ id }) => {
        this.#uploads.delete(id);
        await this.#records?.remove(id);
      },
    };
  }

  /** An event loop has died: what it received broke off. */
  lost(receiver: string): void {
    for (const [id, upload] of this.#uploads) {
      if (upload.receiver === receiver) this.#uploads.set(id, { ...upload, receiver: undefined });
    }
  }

  async #of(bucket: string, key: string | undefined): Promise<readonly KnownUpload[] | undefined> {
    if (!await this.#load()) return undefined;
    return [...this.#uploads.values()]
      .filter(({ record }) => record.bucket === bucket && (key === undefined || record.key === key))
      .map(({ record, receiver }) => ({ ...record, isReceived: receiver !== undefined }));
  }

  /** What a server before this one has left. */
  async #load(): Promise<boolean> {
    if (this.#isLoaded || !this.#records) return true;
    const records = await this.#records.all();
    if (!records) return false;
    this.#isLoaded = true;
    for (const record of records) {
      if (!this.#uploads.has(record.id)) this.#uploads.set(record.id, { record, receiver: undefined });
    }
    return true;
  }
}

/** A call of an {@link UploadRegistry} as a message to another thread. */
export type RegistryQuestion =
  | { readonly of: readonly [bucket: string, key: string | undefined] }
  | { readonly act: "receive" | "keep" | "remove"; readonly record: UploadRecord };

/** The registry behind `ask`, which carries questions to {@link answerOf} and its answers back. */
export function askedRegistry(ask: (question: RegistryQuestion) => Promise<unknown>): UploadRegistry {
  const acting = (act: "receive" | "keep" | "remove") => async (record: UploadRecord) =>
    void await ask({ act, record });
  return {
    of: async (bucket, key) => await ask({ of: [bucket, key] }) as readonly KnownUpload[] | undefined,
    receive: acting("receive"),
    keep: acting("keep"),
    remove: acting("remove"),
  };
}

/** Answers a question that {@link askedRegistry} asks. */
export async function answerOf(registry: UploadRegistry, question: RegistryQuestion): Promise<unknown> {
  return "of" in question ? await registry.of(...question.of) : await registry[question.act](question.record);
}
