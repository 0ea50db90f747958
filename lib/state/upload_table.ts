/**
 * Uploads to object stores that are not over, in the store: a server that was killed finds them again.
 *
 * @module
 */

import type { StatementSync } from "node:sqlite";
import type { UploadRecord, UploadRecords } from "../drivers/s3/known_uploads.ts";
import type { StateOwner, StateStore } from "./store.ts";

const OWNER: StateOwner = {
  name: "uploads",
  migrations: [
    `CREATE TABLE uploads (
      id TEXT PRIMARY KEY,
      bucket TEXT NOT NULL,
      key TEXT NOT NULL,
      begun INTEGER NOT NULL
    ) STRICT`,
  ],
};

/** Keeps uploads. */
export class UploadTable implements UploadRecords {
  readonly #all: StatementSync;
  readonly #add: StatementSync;
  readonly #remove: StatementSync;

  /** @throws {StateError} as `StateStore.of`. */
  constructor(store: StateStore) {
    const database = store.of(OWNER);
    this.#all = database.prepare("SELECT id, bucket, key, begun FROM uploads ORDER BY begun");
    this.#add = database.prepare("INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?)");
    this.#remove = database.prepare("DELETE FROM uploads WHERE id = ?");
  }

  /** See `UploadRecords`. */
  all(): Promise<readonly UploadRecord[]> {
    return settled(() =>
      this.#all.all().map((row) => ({
        id: String(row["id"]),
        bucket: String(row["bucket"]),
        key: String(row["key"]),
        begun: Number(row["begun"]),
      }))
    );
  }

  /** See `UploadRecords`. */
  add({ id, bucket, key, begun }: UploadRecord): Promise<void> {
    return settled(() => void this.#add.run(id, bucket, key, begun));
  }

  /** See `UploadRecords`. */
  remove(id: string): Promise<void> {
    return settled(() => void this.#remove.run(id));
  }
}

function settled<T>(action: () => T): Promise<T> {
  return new Promise((resolve) => resolve(action()));
}
