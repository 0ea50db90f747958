/**
 * The driver of object stores that a run of `serve` has: one for all that looks at its settings, as it reads the
 * credentials once, and has the uploads in memory.
 *
 * @module
 */

import { resolve } from "@std/path";
import { s3Driver, type StoreDriver } from "../../drivers/registry.ts";
import type { StoreLocks } from "../../drivers/s3/bucket_locks.ts";
import type { StoreRequestDone } from "../../drivers/s3/client.ts";
import {
  answerOf,
  KnownUploads,
  type RegistryQuestion,
  type UploadRecords,
  type UploadRegistry,
} from "../../drivers/s3/known_uploads.ts";
import { LEAST_MEMORY, type S3Options } from "../../drivers/s3/place.ts";
import type { Settings } from "../settings/table.ts";

/** The settings of object stores. */
export type StoreSettings = Pick<
  Settings,
  "s3Endpoint" | "s3Region" | "s3PathStyle" | "s3Credentials" | "s3ListTimes" | "storageMemory" | "renameLimit"
>;

/** Object stores, and where the uploads to them that are not over are kept. */
export class ObjectStores {
  static readonly #all = new WeakMap<StoreSettings, ObjectStores>();
  /** Opens roots such as `s3://bucket/prefix`. */
  readonly driver: StoreDriver;
  readonly #known: KnownUploads;
  #records: UploadRecords | undefined;
  #registry: UploadRegistry | undefined;
  #locks: StoreLocks | undefined;
  #isAttached = false;
  #report: ((message: string) => void) | undefined;
  #measure: ((done: StoreRequestDone) => void) | undefined;

  /** Those of `settings`: the same for the same object. */
  static of(settings: StoreSettings): ObjectStores {
    const known = this.#all.get(settings) ?? new ObjectStores(settings);
    this.#all.set(settings, known);
    return known;
  }

  private constructor(settings: StoreSettings) {
    this.#known = new KnownUploads({
      // Without a directory for it nothing is kept, and nothing is left from before.
      all: () => this.#records?.all() ?? Promise.resolve(this.#isAttached ? [] : undefined),
      add: async (record) => await this.#records?.add(record),
      remove: async (id) => await this.#records?.remove(id),
    });
    const own = this.#known.view("");
    const registry = () => this.#registry ?? own;
    this.driver = s3Driver({
      ...storeOptions(settings),
      registry,
      locks: () => this.#locks,
      onProblem: (message) => this.#report?.(message),
      onRequest: (done) => this.#measure?.(done),
    });
  }

  /** From now on uploads that are not over are kept in `records`, and problems are told to `report`. */
  attach(records: UploadRecords | undefined, report: (message: string) => void): void {
    this.#isAttached = true;
    this.#records = records;
    this.#report = report;
  }

  /** From now on `measure` is told of each request to a store that has ended. */
  measure(measure: (done: StoreRequestDone) => void): void {
    this.#measure = measure;
  }

  /** From now on other servers use the same stores: uploads are known to all of them, and locked against them. */
  share({ registry, locks }: { readonly registry: UploadRegistry; readonly locks: StoreLocks }): void {
    this.#registry = registry;
    this.#locks = locks;
  }

  /** An upload of another server waits for the object of this lock. */
  wanted(name: string): void {
    this.driver.wanted(name);
  }

  /** Answers the registry of the worker in this place, which asks by `askedRegistry`. */
  answer(place: number, question: unknown): Promise<unknown> {
    // From `askedRegistry`, by way of a message.
    return answerOf(this.#known.view(String(place)), question as RegistryQuestion);
  }

  /** The worker in this place has died. */
  lost(place: number): void {
    this.#known.lost(String(place));
  }
}

/** The part that each of some workers has of the memory for uploads: no less than one upload takes. */
export function memoryOfWorker(memory: number, workers: number): number {
  return Math.max(LEAST_MEMORY, Math.floor(memory / workers));
}

/** How the object stores of `settings` are reached. */
export function storeOptions(settings: StoreSettings): S3Options {
  const { s3Endpoint, s3Region, s3PathStyle, s3Credentials, s3ListTimes, storageMemory, renameLimit } = settings;
  return {
    endpoint: s3Endpoint,
    region: s3Region,
    pathStyle: s3PathStyle,
    credentials: s3Credentials === "env" || s3Credentials === "web-identity"
      ? s3Credentials
      : { file: resolve(s3Credentials) },
    listTimes: s3ListTimes,
    memory: storageMemory,
    renameLimit,
  };
}
