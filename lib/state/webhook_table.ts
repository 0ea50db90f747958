/**
 * Events for webhooks in the store: those that wait, and those that are not sent any more.
 *
 * @module
 */

import type { StatementSync } from "node:sqlite";
import type { DeadLetter, Letter, LetterCounts, LetterQueue, NewLetter } from "../webhooks/queue.ts";
import type { StateOwner, StateStore } from "./store.ts";

const OWNER: StateOwner = {
  name: "webhooks",
  migrations: [
    `CREATE TABLE letters (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      endpoint TEXT NOT NULL,
      session TEXT NOT NULL,
      id TEXT NOT NULL,
      body TEXT NOT NULL,
      queued INTEGER NOT NULL,
      due INTEGER NOT NULL DEFAULT 0,
      attempts INTEGER NOT NULL DEFAULT 0,
      died INTEGER,
      error TEXT
    ) STRICT;
    CREATE INDEX letters_by_session ON letters (endpoint, session, seq) WHERE died IS NULL;
    CREATE INDEX letters_waiting ON letters (endpoint, seq) WHERE died IS NULL;
    CREATE INDEX letters_dead ON letters (endpoint, seq) WHERE died IS NOT NULL`,
  ],
};

const LETTER = "seq, endpoint, id, session, body, queued, attempts";

/** Keeps letters. Several connections may use one table at the same time. */
export class WebhookTable implements LetterQueue {
  readonly #prepare: (sql: string) => StatementSync;
  readonly #statements = new Map<string, StatementSync>();

  /** @throws {StateError} as `StateStore.of`. */
  constructor(store: StateStore) {
    const database = store.of(OWNER);
    this.#prepare = (sql) => database.prepare(sql);
  }

  /** Puts a letter there for each of its services: for all of them, or it throws. */
  add({ endpoints, session, id, body, time }: NewLetter): void {
    const sql = `INSERT INTO letters (endpoint, session, id, body, queued)
      SELECT value, ?, ?, ?, ? FROM json_each(?)`;
    this.#do(sql).run(session, id, body, time, JSON.stringify(endpoints));
  }

  /** See `LetterQueue`. */
  heads(endpoint: string, { now, most }: { readonly now: number; readonly most: number }): readonly Letter[] {
    const sql = `SELECT ${LETTER} FROM letters AS letter
      WHERE endpoint = ? AND died IS NULL AND due <= ? AND NOT EXISTS (
        SELECT 1 FROM letters AS earlier WHERE earlier.endpoint = letter.endpoint
          AND earlier.session = letter.session AND earlier.died IS NULL AND earlier.seq < letter.seq
      ) ORDER BY seq LIMIT ?`;
    return this.#do(sql).all(endpoint, now, most).map(toLetter);
  }

  /** See `LetterQueue`. */
  next(endpoint: string, session: string, now: number): Letter | undefined {
    const sql = `SELECT ${LETTER}, due FROM letters
      WHERE endpoint = ? AND session = ? AND died IS NULL ORDER BY seq LIMIT 1`;
    const row = this.#do(sql).get(endpoint, session);
    return row === undefined || Number(row["due"]) > now ? undefined : toLetter(row);
  }

  /** See `LetterQueue`. */
  remove(seq: number): void {
    this.#do("DELETE FROM letters WHERE seq = ?").run(seq);
  }

  /** See `LetterQueue`. */
  postpone(seq: number, due: number, error: string): void {
    const sql = "UPDATE letters SET due = ?, error = ?, attempts = attempts + 1 WHERE seq = ?";
    this.#do(sql).run(Math.ceil(due), error, seq);
  }

  /** See `LetterQueue`. */
  bury(seq: number, now: number, error: string): void {
    this.#do("UPDATE letters SET died = ?, error = ?, attempts = attempts + 1 WHERE seq = ?").run(now, error, seq);
  }

  /** See `LetterQueue`. */
  trim(endpoint: string, { most, now }: { readonly most: number; readonly now: number }): number {
    const last = "SELECT seq FROM letters WHERE endpoint = ? AND died IS";
    const after = "ORDER BY seq DESC LIMIT 1 OFFSET ?";
    const died = this.#do(
      `UPDATE letters SET died = ?, error = 'Too many events waited'
       WHERE endpoint = ? AND died IS NULL AND seq <= (${last} NULL ${after})`,
    ).run(now, endpoint, endpoint, most).changes;
    this.#do(`DELETE FROM letters WHERE endpoint = ? AND died IS NOT NULL AND seq <= (${last} NOT NULL ${after})`)
      .run(endpoint, endpoint, most);
    return Number(died);
  }

  /** See `LetterQueue`. */
  buryOthers(endpoints: readonly string[], now: number): void {
    const sql = `UPDATE letters SET died = ?, error = 'No webhook has this URL any more'
      WHERE died IS NULL AND endpoint NOT IN (SELECT value FROM json_each(?))`;
    this.#do(sql).run(now, JSON.stringify(endpoints));
  }

  /** Those that are not sent any more, oldest first. @param most only the newest of them; default: all. */
  dead(most = -1): readonly DeadLetter[] {
    const newest = "SELECT * FROM letters WHERE died IS NOT NULL ORDER BY seq DESC LIMIT ?";
    return this.#do(`SELECT * FROM (${newest}) ORDER BY seq`).all(most).map((row) => ({
      seq: Number(row["seq"]),
      endpoint: String(row["endpoint"]),
      id: String(row["id"]),
      body: String(row["body"]),
      attempts: Number(row["attempts"]),
      died: Number(row["died"]),
      error: String(row["error"]),
    }));
  }

  /** The numbers of each service that has any. */
  counts(): readonly LetterCounts[] {
    const counted = (is: string) => `SELECT endpoint, count(*) FROM letters WHERE died IS ${is} GROUP BY endpoint`;
    const found = [counted("NULL"), counted("NOT NULL")].map((sql) =>
      new Map(this.#do(sql).all().map((row) => [String(row["endpoint"]), Number(row["count(*)"])]))
    );
    const [waiting, dead] = found;
    return [...new Set(found.flatMap((each) => [...each.keys()]))].toSorted().map((endpoint) => ({
      endpoint,
      waiting: waiting?.get(endpoint) ?? 0,
      dead: dead?.get(endpoint) ?? 0,
    }));
  }

  /** Sends the dead letters of these events once more, or all of them. Returns how many. */
  replay(ids: readonly string[] | undefined, now: number): number {
    const sql = `UPDATE letters SET died = NULL, error = NULL, due = 0, attempts = 0, queued = ?
      WHERE died IS NOT NULL`;
    const which = " AND id IN (SELECT value FROM json_each(?))";
    const { changes } = ids === undefined
      ? this.#do(sql).run(now)
      : this.#do(sql + which).run(now, JSON.stringify(ids));
    return Number(changes);
  }

  /** Each is prepared once, when it is first needed. */
  #do(sql: string): StatementSync {
    const known = this.#statements.get(sql) ?? this.#prepare(sql);
    this.#statements.set(sql, known);
    return known;
  }
}

function toLetter(row: Record<string, unknown>): Letter {
  return {
    seq: Number(row["seq"]),
    endpoint: String(row["endpoint"]),
    id: String(row["id"]),
    session: String(row["session"]),
    body: String(row["body"]),
    queued: Number(row["queued"]),
    attempts: Number(row["attempts"]),
  };
}
