/**
 * The driver of object stores that a run of `serve` has: one for all that looks at its settings, as it reads the
 * credentials once, and has the uploads in memory.
 *
 * @module
 */

import { resolve } from "@std/path";
import { type Driver, s3Driver } from "../../drivers/registry.ts";
import type { S3Options } from "../../drivers/s3/place.ts";
import type { UploadRecords } from "../../drivers/s3/known_uploads.ts";
import type { Settings } from "../settings/table.ts";

/** The settings of object stores. */
export type StoreSettings = Pick<
  Settings,
  "s3Endpoint" | "s3Region" | "s3PathStyle" | "s3Credentials" | "s3ListTimes" | "storageMemory" | "renameLimit"
>;

/** Object stores, and where the uploads to them that are not over are kept. */
export class ObjectStores {
  static readonly #known = new WeakMap<StoreSettings, ObjectStores>();
  /** Opens roots such as `s3://bucket/prefix`. */
  readonly driver: Driver;
  #records: UploadRecords | undefined;
  #report: ((message: string) => void) | undefined;

  /** Those of `settings`: the same for the same object. */
  static of(settings: StoreSettings): ObjectStores {
    const known = this.#known.get(settings) ?? new ObjectStores(settings);
    this.#known.set(settings, known);
    return known;
  }

  private constructor(settings: StoreSettings) {
    this.driver = s3Driver({
      ...storeOptions(settings),
      records: {
        // Without a directory for it nothing is kept, and nothing is left from before.
        all: () => this.#records?.all() ?? Promise.resolve(undefined),
        add: async (record) => await this.#records?.add(record),
        remove: async (id) => await this.#records?.remove(id),
      },
      onProblem: (message) => this.#report?.(message),
    });
  }

  /** From now on uploads that are not over are kept in `records`, and problems are told to `report`. */
  attach(records: UploadRecords | undefined, report: (message: string) => void): void {
    this.#records = records;
    this.#report = report;
  }
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
