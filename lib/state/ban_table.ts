/**
 * Bans in the store.
 *
 * @module
 */

import type { StatementSync } from "node:sqlite";
import type { Ban, BanStore } from "../auth/bans.ts";
import type { StateOwner, StateStore } from "./store.ts";

const OWNER: StateOwner = {
  name: "bans",
  migrations: [
    `CREATE TABLE bans (
      key TEXT PRIMARY KEY,
      address TEXT NOT NULL,
      since INTEGER NOT NULL,
      until INTEGER NOT NULL,
      reason TEXT NOT NULL,
      round INTEGER NOT NULL
    ) STRICT`,
  ],
};

interface Statements {
  readonly all: StatementSync;
  readonly save: StatementSync;
  readonly remove: StatementSync;
}

/** The options of a {@link BanTable}. */
export interface BanTableOptions {
  /** Called when bans cannot be read or kept, and again only after they could: they hold until the server ends. */
  readonly onFailure: (error: unknown) => void;
}

/** Keeps bans from the moment when it is {@link attach | attached}; before that it has none and keeps none. */
export class BanTable implements BanStore {
  readonly #onFailure: BanTableOptions["onFailure"];
  #statements: Statements | undefined;
  #failing = false;

  constructor({ onFailure }: BanTableOptions) {
    this.#onFailure = onFailure;
  }

  /** Keeps bans in `store` from now on. @throws {StateError} as `StateStore.of`. */
  attach(store: StateStore): void {
    const database = store.of(OWNER);
    this.#statements = {
      all: database.prepare("SELECT key, address, since, until, reason, round FROM bans ORDER BY since"),
      save: database.prepare("INSERT OR REPLACE INTO bans VALUES (?, ?, ?, ?, ?, ?)"),
      remove: database.prepare("DELETE FROM bans WHERE key = ?"),
    };
  }

  /** See `BanStore`. */
  load(): readonly Ban[] {
    return this.#try(({ all }) => all.all().map(toBan)) ?? [];
  }

  /** See `BanStore`. */
  save({ key, address, since, until, reason, round }: Ban): void {
    this.#try(({ save }) => save.run(key, address, since, until, reason, round));
  }

  /** See `BanStore`. */
  remove(key: string): void {
    this.#try(({ remove }) => remove.run(key));
  }

  #try<T>(action: (statements: Statements) => T): T | undefined {
    if (!this.#statements) return undefined;
    try {
      const result = action(this.#statements);
      this.#failing = false;
      return result;
    } catch (error) {
      if (!this.#failing) this.#onFailure(error);
      this.#failing = true;
      return undefined;
    }
  }
}

function toBan(row: Record<string, unknown>): Ban {
  return {
    key: String(row["key"]),
    address: String(row["address"]),
    since: Number(row["since"]),
    until: Number(row["until"]),
    reason: String(row["reason"]),
    round: Number(row["round"]),
  };
}
