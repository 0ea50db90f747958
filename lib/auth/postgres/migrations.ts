/**
 * The tables that keep accounts, and how they came to be: each version of the schema is made from the one before.
 *
 * @module
 */

import type { Reachable, Sql } from "./client.ts";
import { failure } from "./secrets.ts";

/** What is listened to: every statement that changes accounts or groups notifies it, whoever runs it. */
export const CHANNEL = "denoftpd_accounts";

/** The schema, version by version. What has been published is never changed, only added to. */
export const MIGRATIONS: readonly string[] = [
  `create table denoftpd.accounts (
    name text primary key check (name <> ''),
    fields jsonb not null check (jsonb_typeof(fields) = 'object' and not fields ? 'name')
  );
  comment on table denoftpd.accounts is
    'Accounts of denoftpd: fields is an account as in the accounts file, without its name (docs/accounts.md)';
  create function denoftpd.notify_nodes() returns trigger language plpgsql set search_path = '' as $$
  begin
    perform pg_catalog.pg_notify('${CHANNEL}', '');
    return null;
  end $$;
  create trigger notify_nodes after insert or update or delete or truncate on denoftpd.accounts
    for each statement execute function denoftpd.notify_nodes()`,
  `create table denoftpd.groups (
    name text primary key,
    fields jsonb not null check (jsonb_typeof(fields) = 'object')
  );
  comment on table denoftpd.groups is 'Fields that accounts of denoftpd share, by the name of the group';
  create trigger notify_nodes after insert or update or delete or truncate on denoftpd.groups
    for each statement execute function denoftpd.notify_nodes()`,
];

/** "insufficient_privilege". */
const NOT_ALLOWED = "42501";

/**
 * Brings the tables to version `to`, unless they are there: several programs that begin at the same time wait for each
 * other. Rejects with `AccountsError` for tables that a newer program has made.
 */
export async function migrate(reachable: Reachable, sql: Sql, to = MIGRATIONS.length): Promise<void> {
  const { database } = reachable;
  const found = await versionOf(sql);
  if (found > to) {
    throw failure(database, `Its tables have version ${found}, and this denoftpd knows ${to}: use a newer one`);
  }
  if (found === to) return;
  try {
    await sql.begin(async (transaction) => {
      await transaction.unsafe("select pg_advisory_xact_lock(hashtext('denoftpd'))");
      await transaction.unsafe(`create schema if not exists denoftpd;
        create table if not exists denoftpd.migrations (
          version integer primary key, applied timestamptz not null default now()
        )`);
      // Another program may have been first.
      for (let version = await versionOf(transaction); version < to; version++) {
        await transaction.unsafe(MIGRATIONS[version] ?? "");
        await transaction`insert into denoftpd.migrations (version) values (${String(version + 1)}::integer)`;
      }
    });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === NOT_ALLOWED)) throw error;
    throw failure(
      database,
      `Its tables have version ${found} of ${to}, and user "${database.user}" may not change that: ` +
        'run "denoftpd user list --users URL" once as their owner',
      { cause: NOT_ALLOWED },
    );
  }
}

/** 0: there are no tables. */
async function versionOf(sql: Pick<Sql, "unsafe">): Promise<number> {
  const [there] = await sql.unsafe("select to_regclass('denoftpd.migrations') is not null as yes");
  if (there?.["yes"] !== "t") return 0;
  const [row] = await sql.unsafe("select coalesce(max(version), 0) as version from denoftpd.migrations");
  return Number(row?.["version"]);
}
