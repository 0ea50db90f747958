/**
 * Accounts as rows of the database: the same fields as in the accounts file, checked by the same schema.
 *
 * @module
 */

import { type Account, canonicalName } from "../accounts.ts";
import { type Groups, groupsOf } from "../file/groups.ts";
import { type AccountsDocument, problemLine, problemsOfGroups } from "../file/read.ts";
import { ACCOUNT_FIELDS, type AccountJson, readAccount } from "../file/schema.ts";
import { quote } from "../file/values.ts";
import { type AccountsRead, isAccountJson } from "../place.ts";
import type { Sql, Transaction } from "./client.ts";

/** A relative root begins in the working directory: a database has no place in the file system. */
const DIRECTORY = ".";

/** A transaction in which several queries see the same. */
export const SNAPSHOT = "isolation level repeatable read read only";

/** An account as it is kept. */
export interface AccountRow {
  readonly name: string;
  /** Another one after each change of the row. */
  readonly version: string;
}

/**
 * A text that is another one after each change: the number of rows, and the sum of the transactions that wrote them.
 * The database reads all rows for it, and sends none.
 */
export async function readFingerprint(sql: Pick<Sql, "unsafe">): Promise<string> {
  const of = (table: string) =>
    `(select count(*) || ' ' || coalesce(sum(xmin::text::bigint), 0) from denoftpd.${table})`;
  const [row] = await sql.unsafe(`select ${of("accounts")} || ' ' || ${of("groups")} as text`);
  return String(row?.["text"]);
}

/** The names and versions of all accounts, by name. */
export async function readVersions(sql: Pick<Sql, "unsafe">): Promise<AccountRow[]> {
  const rows = await sql.unsafe(`select name, xmin::text as version from denoftpd.accounts order by name collate "C"`);
  return rows.map((row) => ({ name: String(row["name"]), version: String(row["version"]) }));
}

/** The fields of some accounts, or of all. */
export async function readFields(
  sql: Pick<Sql, "unsafe">,
  names: readonly string[] | "all",
): Promise<ReadonlyMap<string, AccountJson>> {
  if (names.length === 0) return new Map();
  const rows = names === "all"
    ? await sql.unsafe(`select name, fields from denoftpd.accounts order by name collate "C"`)
    : await sql.unsafe(
      "select name, fields from denoftpd.accounts where name in (select jsonb_array_elements_text($1::jsonb))",
      [JSON.stringify(names)],
    );
  return new Map(rows.map((row) => {
    const name = String(row["name"]);
    return [name, inOrder(name, JSON.parse(String(row["fields"])))];
  }));
}

/** The fields of all groups. */
export async function readGroups(sql: Pick<Sql, "unsafe">): Promise<Record<string, unknown>> {
  const rows = await sql.unsafe(`select name, fields from denoftpd.groups order by name collate "C"`);
  return Object.fromEntries(rows.map((row) => [String(row["name"]), JSON.parse(String(row["fields"]))]));
}

/** The database keeps fields in an order of its own. Unknown ones come last, to be complained about. */
function inOrder(name: string, fields: Readonly<Record<string, unknown>>): AccountJson {
  const known = ACCOUNT_FIELDS.filter((field) => field in fields).map((field) => [field, fields[field]]);
  return { name, ...Object.fromEntries(known), ...fields };
}

/** The account, or what is wrong with it, a line for each problem. */
export function judge(json: AccountJson, groups: Groups): Account | string[] {
  const account = readAccount(json, DIRECTORY, groups);
  if (Array.isArray(account)) return account.map((problem) => problemLine(quote(json.name), problem));
  if (account.name === json.name) return account;
  return [problemLine(quote(json.name), { at: "name", message: `Must be written ${quote(account.name)}` })];
}

/** All that is kept, as a document like that of the file. */
export async function readDocument(sql: Pick<Sql, "unsafe">): Promise<AccountsDocument> {
  return documentOf(await readGroups(sql), (await readFields(sql, "all")).values());
}

/** As the file would have it: without groups it says nothing of them. */
export function documentOf(
  groups: Readonly<Record<string, unknown>>,
  accounts: Iterable<AccountJson>,
): AccountsDocument {
  return { ...(Object.keys(groups).length > 0 && { groups: { ...groups } }), accounts: [...accounts] };
}

/** Every account, valid or not, and what is wrong. */
export function judgeAll(document: AccountsDocument): AccountsRead {
  const groups = groupsOf(document.groups);
  const problems = problemsOfGroups(document.groups ?? {});
  const accounts: Account[] = [];
  for (const json of document.accounts.filter(isAccountJson)) {
    const account = judge(json, groups);
    if (Array.isArray(account)) problems.push(...account);
    else accounts.push(account);
  }
  return { accounts, problems };
}

/**
 * What is wrong with what differs between the two: an account that was invalid before does not stand in the way of the
 * change of another.
 */
export function problemsOfChange(before: AccountsDocument, after: AccountsDocument): string[] {
  const known = new Map(before.accounts.filter(isAccountJson).map((json) => [json.name, JSON.stringify(json)]));
  const sameGroups = JSON.stringify(before.groups ?? {}) === JSON.stringify(after.groups ?? {});
  const accounts = after.accounts.filter(isAccountJson);
  const changed = sameGroups ? accounts.filter((json) => known.get(json.name) !== JSON.stringify(json)) : accounts;
  const names = new Set<string>();
  const twice = accounts.filter(({ name }) => names.size === names.add(canonicalName(name)).size)
    .map(({ name }) => problemLine(quote(name), { at: "", message: "Another account has the same name" }));
  const { problems } = judgeAll({ ...after, accounts: changed });
  return [...problems, ...twice];
}

/** Writes what differs between the two. */
export async function writeChange(
  transaction: Transaction,
  before: AccountsDocument,
  after: AccountsDocument,
): Promise<void> {
  const accounts = (document: AccountsDocument) =>
    new Map(document.accounts.filter(isAccountJson).map(({ name, ...fields }) => [name, fields] as const));
  await writeTable(transaction, "denoftpd.accounts", accounts(before), accounts(after));
  const groups = (document: AccountsDocument) => new Map(Object.entries(document.groups ?? {}));
  await writeTable(transaction, "denoftpd.groups", groups(before), groups(after));
}

async function writeTable(
  transaction: Transaction,
  table: "denoftpd.accounts" | "denoftpd.groups",
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): Promise<void> {
  const gone = [...before.keys()].filter((name) => !after.has(name));
  const written = [...after].filter(([name, fields]) => JSON.stringify(before.get(name)) !== JSON.stringify(fields))
    .map(([name, fields]) => ({ name, fields }));
  if (gone.length > 0) {
    await transaction.unsafe(
      `delete from ${table} where name in (select jsonb_array_elements_text($1::jsonb))`,
      [JSON.stringify(gone)],
    );
  }
  if (written.length > 0) {
    await transaction.unsafe(
      `insert into ${table} (name, fields)
        select row ->> 'name', row -> 'fields' from jsonb_array_elements($1::jsonb) as row
        on conflict (name) do update set fields = excluded.fields`,
      [JSON.stringify(written)],
    );
  }
}
