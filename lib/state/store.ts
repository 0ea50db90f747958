/**
 * What the server keeps over a restart: one SQLite database in a directory of its own. Each part of the server that
 * keeps something brings its own tables, with the steps from one version of them to the next.
 *
 * @module
 */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import { join } from "@std/path";
import { messageOf } from "../net/message_of.ts";

/** The file in the directory. SQLite puts its log (`-wal`) and its index of that (`-shm`) beside it. */
export const STATE_FILE = "state.db";

/** The store cannot be used; the message says why and what to do. */
export class StateError extends Error {
  /** Always `StateError`. */
  override readonly name = "StateError";
}

/** The runtime has no SQLite: there can be no store. */
export class NoDatabase extends Error {
  /** Always `NoDatabase`. */
  override readonly name = "NoDatabase";
}

type Sqlite = typeof import("node:sqlite");

/** The owner of some tables. */
export interface StateOwner {
  /** Never changes: the versions are kept by it. */
  readonly name: string;
  /** SQL that makes each version of the tables from the one before; the first makes them. Only ever added to. */
  readonly migrations: readonly string[];
}

/** Statements on the database, for an owner of tables. */
export interface StateDatabase {
  /** Prepares a statement. */
  prepare(sql: string): StatementSync;
}

/** How a database is opened. */
export interface StateOpening {
  /**
   * What was written is there after a crash of the system, too; each change then waits until the disk has it.
   *
   * @default false
   */
  readonly durable?: boolean;
  /**
   * Milliseconds to wait while another thread or process writes.
   *
   * @default 250
   */
  readonly patience?: number;
}

/** An open database. Its calls wait for the disk: they are for what happens seldom. */
export class StateStore implements Disposable {
  readonly #database: DatabaseSync;
  readonly #path: string;

  private constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#path = path;
  }

  /**
   * Opens the database in `directory`, which must exist; the file is made with mode 0600 where it is missing.
   *
   * @throws {NoDatabase} where the runtime has no `node:sqlite`.
   * @throws {StateError} where the file cannot be opened, or is not ours.
   */
  static async open(directory: string, opening?: StateOpening): Promise<StateStore> {
    return (await StateStore.prepare())(directory, opening);
  }

  /**
   * Resolves to what {@link open} does besides loading SQLite, for where nothing can be waited for.
   *
   * @throws {NoDatabase} as {@link open}.
   */
  static async prepare(): Promise<(directory: string, opening?: StateOpening) => StateStore> {
    const { DatabaseSync } = await sqlite();
    return (directory, opening) => StateStore.#open(DatabaseSync, directory, opening);
  }

  static #open(
    DatabaseSync: Sqlite["DatabaseSync"],
    directory: string,
    { durable = false, patience = 250 }: StateOpening = {},
  ): StateStore {
    const path = join(directory, STATE_FILE);
    let database: DatabaseSync | undefined;
    try {
      makePrivate(path);
      database = new DatabaseSync(path);
      // First: the other two may have to wait.
      database.exec(`PRAGMA busy_timeout = ${patience}`);
      // A crash of the process loses nothing, one of the system with NORMAL the last moments.
      database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${durable ? "FULL" : "NORMAL"}`);
      database.exec("CREATE TABLE IF NOT EXISTS owners (name TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT");
      return new StateStore(database, path);
    } catch (error) {
      database?.close();
      throw new StateError(describe(path, error));
    }
  }

  /**
   * The database, with the tables of `owner` in their latest version.
   *
   * @throws {StateError} where they are of a later version, or a step fails: nothing of it is kept.
   */
  of({ name, migrations }: StateOwner): StateDatabase {
    const database = this.#database;
    try {
      database.exec("BEGIN IMMEDIATE");
      const found = database.prepare("SELECT version FROM owners WHERE name = ?").get(name)?.["version"] ?? 0;
      if (Number(found) > migrations.length) {
        throw new Error(`a later version of denoftpd has written it: use that one, or another directory`);
      }
      for (const migration of migrations.slice(Number(found))) database.exec(migration);
      database.prepare("INSERT OR REPLACE INTO owners VALUES (?, ?)").run(name, migrations.length);
      database.exec("COMMIT");
      return database;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw new StateError(describe(this.#path, error));
    }
  }

  /** Closes the database. */
  [Symbol.dispose](): void {
    this.#database.close();
  }
}

async function sqlite(): Promise<Sqlite> {
  try {
    return await import("node:sqlite");
  } catch (error) {
    throw new NoDatabase(messageOf(error));
  }
}

/** SQLite itself would make it readable for everybody; its other files have the mode of this one. */
function makePrivate(path: string): void {
  Deno.openSync(path, { write: true, create: true, mode: 0o600 }).close();
  const { mode } = Deno.statSync(path);
  if (Deno.build.os !== "windows" && mode !== null && (mode & 0o077) !== 0) Deno.chmodSync(path, 0o600);
}

function describe(path: string, error: unknown): string {
  const isOther = /not a database|malformed/.test(messageOf(error));
  const advice = isOther ? ": move it away, and what it has kept is forgotten" : "";
  return `Cannot use the state in "${path}": ${messageOf(error)}${advice}`;
}
