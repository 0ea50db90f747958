/**
 * The database as a place to read and to change accounts.
 *
 * @module
 */

import { AccountsError } from "../accounts_error.ts";
import type { AccountsDocument } from "../file/read.ts";
import type { AccountsPlace, AccountsRead, DocumentChange } from "../place.ts";
import { type Reachable, type Sql, withConnection } from "./client.ts";
import { migrate } from "./migrations.ts";
import { judgeAll, problemsOfChange, readDocument, SNAPSHOT, writeChange } from "./rows.ts";
import { readSecrets, type ReadVariable } from "./secrets.ts";
import type { Database } from "./url.ts";

/** A database, which is asked anew each time. */
export class DatabasePlace implements AccountsPlace {
  readonly name: string;
  readonly file = undefined;
  readonly #reachable: Reachable;

  private constructor(reachable: Reachable) {
    this.#reachable = reachable;
    this.name = reachable.database.name;
  }

  /** Reads the secrets, and connects nowhere yet. Rejects with {@link AccountsError}. */
  static async open(database: Database, env: ReadVariable): Promise<DatabasePlace> {
    return new DatabasePlace({ database, secrets: await readSecrets(database, env) });
  }

  async read(): Promise<AccountsRead> {
    return judgeAll(await this.document());
  }

  document(): Promise<AccountsDocument> {
    return this.#work((sql) => sql.begin(SNAPSHOT, readDocument));
  }

  edit(change: DocumentChange): Promise<void> {
    return this.#work(async (sql) => {
      await sql.begin(async (transaction) => {
        // Readers go on; whoever else writes waits, also a person with psql.
        await transaction.unsafe("set local lock_timeout = '10s'");
        await transaction.unsafe("lock table denoftpd.accounts, denoftpd.groups in share row exclusive mode");
        const before = await readDocument(transaction);
        const after = change(before);
        const problems = problemsOfChange(before, after);
        if (problems.length > 0) throw new AccountsError(`Accounts of "${this.name}"`, problems);
        await writeChange(transaction, before, after);
      });
    });
  }

  #work<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    return withConnection(this.#reachable, async (sql) => {
      await migrate(this.#reachable, sql);
      return await work(sql);
    });
  }
}
