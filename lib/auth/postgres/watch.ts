/**
 * The accounts of a database in memory, kept up to date while the server runs.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { type Account, MemoryAccounts } from "../accounts.ts";
import type { AccountsError } from "../accounts_error.ts";
import { groupsOf } from "../file/groups.ts";
import { type AccountsDocument, problemsOfGroups } from "../file/read.ts";
import type { AccountJson } from "../file/schema.ts";
import type { AccountsPlace, ReloadOutcome, WatchedAccounts } from "../place.ts";
import { connect, databaseError, type Reachable, type Sql } from "./client.ts";
import { CHANNEL, migrate } from "./migrations.ts";
import { DatabasePlace } from "./place.ts";
import { documentOf, judge, readFields, readFingerprint, readGroups, readVersions, SNAPSHOT } from "./rows.ts";
import { readSecrets, type ReadVariable } from "./secrets.ts";
import type { Database } from "./url.ts";

/** What there is to report. None of it may throw. */
export interface DatabaseReports {
  /** After every reload that has found a change, and every one that was asked for. */
  readonly onReload?: (outcome: ReloadOutcome) => void;
  /** Why accounts or groups are refused: each once, until it changes. */
  readonly onRefused?: (problems: readonly string[]) => void;
  /** The database does not answer any more; `undefined`: it does again. */
  readonly onTrouble?: (error: AccountsError | undefined) => void;
}

/** How a database is followed. */
export interface DatabaseOptions extends DatabaseReports {
  /**
   * Milliseconds between two looks at the versions of all accounts, which also prove that the connection lives.
   *
   * @default 10_000
   */
  readonly interval?: number;
}

/** Milliseconds. */
const TIME_BETWEEN_LOOKS = 10_000;
/** Milliseconds that an answer may take before the connection is given up. */
const TIME_TO_ANSWER = 30_000;
/** Milliseconds before a lost connection is tried again: at first, and at most. */
const PAUSES = { first: 100, most: 2_000 } as const;
/** Accounts that are checked in one turn of the event loop. */
const SLICE = 200;

/** An account as it was read: `account` is absent if it is refused. */
interface Known {
  readonly version: string;
  readonly json: AccountJson;
  readonly account: Account | undefined;
}

/** A connection, which listens. */
interface Link {
  readonly sql: Sql;
  /** Settles when it is closed. */
  readonly closed: Promise<void>;
}

/**
 * Accounts that follow the tables of a database. A login asks nothing of it: with the database away, the accounts stay
 * as they were. A change arrives by LISTEN and NOTIFY, and by a look every ten seconds where a pooler swallows those.
 */
export class DatabaseAccounts implements WatchedAccounts {
  /** Reads what is in memory, and changes what is in the database. */
  readonly place: AccountsPlace;
  readonly #reachable: Reachable;
  readonly #options: DatabaseOptions;
  readonly #ending = new AbortController();
  #accounts = new MemoryAccounts([]);
  #known: ReadonlyMap<string, Known> = new Map();
  #groups: Readonly<Record<string, unknown>> = {};
  /** Of the tables when they were last read; `undefined`: never. */
  #fingerprint: string | undefined;
  /** The connection that is there, or is being made. */
  #sql: Sql | undefined;
  /** Absent while there is none. */
  #link: Link | undefined;
  /** Until then the reloads are no news. */
  #isOpen = false;
  #trouble: AccountsError | undefined;
  /** Settles when every reload requested so far has ended: they run one after the other. */
  #tail: Promise<unknown> = Promise.resolve();
  /** A reload that has been asked for and has not begun: it will see all that has happened until then. */
  #waiting: Promise<ReloadOutcome> | undefined;
  #running: Promise<void> = Promise.resolve();

  private constructor(reachable: Reachable, place: DatabasePlace, options: DatabaseOptions) {
    this.#reachable = reachable;
    this.#options = options;
    this.place = {
      name: place.name,
      file: undefined,
      read: () => Promise.resolve({ accounts: this.#accounts.list(), problems: [] }),
      document: () => Promise.resolve(this.#document()),
      edit: (change) => place.edit(change),
    };
  }

  /** Reads all accounts, and follows them. Rejects with {@link AccountsError} where that is not possible. */
  static async open(database: Database, env: ReadVariable, options: DatabaseOptions = {}): Promise<DatabaseAccounts> {
    const reachable = { database, secrets: await readSecrets(database, env) };
    const accounts = new DatabaseAccounts(reachable, await DatabasePlace.open(database, env), options);
    await accounts.#connect();
    accounts.#isOpen = true;
    accounts.#running = accounts.#follow();
    return accounts;
  }

  get trouble(): string | undefined {
    return this.#trouble?.message;
  }

  find(name: string): Account | undefined {
    return this.#accounts.find(name);
  }

  list(): readonly Account[] {
    return this.#accounts.list();
  }

  reload(): Promise<ReloadOutcome> {
    return this.#reload({ asked: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#sql?.end({ timeout: 0 });
    await this.#running;
    await this.#tail;
  }

  #document(): AccountsDocument {
    return documentOf(this.#groups, Array.from(this.#known.values(), ({ json }) => json));
  }

  /** Connects, listens, and only then reads: no change can come in between. */
  async #connect(): Promise<void> {
    const closed = Promise.withResolvers<void>();
    const sql = connect(this.#reachable, {
      onNotify: () => void this.#reload({ asked: false }),
      onClose: () => closed.resolve(),
    });
    this.#sql = sql;
    try {
      await withinTime(sql, async () => {
        await migrate(this.#reachable, sql);
        await sql.unsafe(`listen ${CHANNEL}`);
      });
      this.#link = { sql, closed: closed.promise };
      const outcome = await this.#reload({ asked: false });
      if (!outcome.ok) throw outcome.error;
    } catch (error) {
      this.#link = undefined;
      await sql.end({ timeout: 0 });
      throw databaseError(this.#reachable, error);
    }
  }

  /** Until the end: looks now and then, and connects again when the connection is lost. */
  async #follow(): Promise<void> {
    let pause: number = PAUSES.first;
    while (!this.#ending.signal.aborted) {
      if (this.#link) {
        await this.#watch(this.#link);
        pause = PAUSES.first;
        continue;
      }
      // All nodes lose their database at the same moment, and should not come back at the same one.
      await this.#pause(pause * (0.5 + Math.random() / 2));
      if (this.#ending.signal.aborted) return;
      try {
        await this.#connect();
        this.#tell(undefined);
      } catch (error) {
        this.#tell(databaseError(this.#reachable, error));
        pause = Math.min(pause * 2, PAUSES.most);
      }
    }
  }

  /** Resolves when the connection is lost, or the server ends. */
  async #watch({ sql, closed }: Link): Promise<void> {
    const lost = closed.then(() => "lost" as const);
    for (;;) {
      const next = await Promise.race([lost, this.#pause(this.#options.interval ?? TIME_BETWEEN_LOOKS)]);
      if (this.#ending.signal.aborted) return;
      const outcome = next === "lost" ? undefined : await this.#reload({ asked: false });
      if (outcome?.ok) continue;
      this.#link = undefined;
      await sql.end({ timeout: 0 });
      return this.#tell(databaseError(this.#reachable, outcome?.error ?? closedError()));
    }
  }

  /** Resolves after the time, or when the server ends. */
  async #pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, { signal: this.#ending.signal }).catch(() => {});
  }

  /** Reports each failure once, however often it comes again, and that it is over. */
  #tell(error: AccountsError | undefined): void {
    if (this.#ending.signal.aborted || error?.message === this.#trouble?.message) return;
    this.#trouble = error;
    this.#options.onTrouble?.(error);
  }

  #reload({ asked }: { readonly asked: boolean }): Promise<ReloadOutcome> {
    if (this.#waiting && !asked) return this.#waiting;
    const outcome = this.#tail.then(() => {
      if (this.#waiting === outcome) this.#waiting = undefined;
      return this.#load(asked);
    });
    this.#tail = this.#waiting = outcome;
    return outcome;
  }

  async #load(asked: boolean): Promise<ReloadOutcome> {
    let changed = false;
    let outcome: ReloadOutcome;
    try {
      const sql = this.#link?.sql;
      if (!sql) throw this.#trouble ?? closedError();
      changed = await this.#read(sql);
      outcome = { ok: true, accounts: this.#accounts.list().length };
    } catch (error) {
      outcome = { ok: false, error: databaseError(this.#reachable, error) };
    }
    if (asked || (changed && this.#isOpen)) this.#options.onReload?.(outcome);
    return outcome;
  }

  /** Takes over what has changed; resolves to whether anything has. */
  async #read(sql: Sql): Promise<boolean> {
    const found = await withinTime(sql, () => this.#fetch(sql));
    if (!found) return false;
    const { fingerprint, rows, groups, sameGroups, fields } = found;
    const problems = sameGroups ? [] : problemsOfGroups(groups);
    const shared = groupsOf(groups);
    const known = new Map<string, Known>();
    let judged = 0;
    for (const { name, version } of rows) {
      const json = fields.get(name);
      const before = this.#known.get(name);
      if (json === undefined) {
        if (before) known.set(name, before);
        continue;
      }
      const account = judge(json, shared);
      if (Array.isArray(account)) problems.push(...account);
      known.set(name, { version, json, account: Array.isArray(account) ? undefined : account });
      // Sessions go on meanwhile.
      if (++judged % SLICE === 0) await delay(0);
    }
    // Only now: a reload that has failed reads them again.
    this.#fingerprint = fingerprint;
    this.#known = known;
    this.#groups = groups;
    this.#accounts = new MemoryAccounts([...known.values()].flatMap(({ account }) => account ?? []));
    if (problems.length > 0) this.#options.onRefused?.(problems);
    return true;
  }

  /** What has changed, as the database has it; `undefined` if nothing has. */
  #fetch(sql: Sql) {
    return sql.begin(SNAPSHOT, async (transaction) => {
      const fingerprint = await readFingerprint(transaction);
      if (fingerprint === this.#fingerprint) return undefined;
      const groups = await readGroups(transaction);
      const rows = await readVersions(transaction);
      // What comes of an account depends on its groups.
      const sameGroups = JSON.stringify(groups) === JSON.stringify(this.#groups);
      const changed = rows.filter(({ name, version }) => this.#known.get(name)?.version !== version);
      const names = sameGroups && changed.length < rows.length ? changed.map(({ name }) => name) : "all";
      return { fingerprint, rows, groups, sameGroups, fields: await readFields(transaction, names) };
    });
  }
}

function closedError(): Error {
  return Object.assign(new Error("The connection was closed"), { code: "CONNECTION_CLOSED" });
}

/** A connection that does not answer in time is closed, which rejects what waits on it. */
async function withinTime<T>(sql: Sql, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => void sql.end({ timeout: 0 }), TIME_TO_ANSWER);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
