/**
 * `--users`: where accounts are kept. The path of a file, or the URL of a database, whose client is only loaded then.
 *
 * @module
 */

import { AccountsError } from "../auth/accounts_error.ts";
import { FilePlace } from "../auth/file/place.ts";
import { AccountsFile } from "../auth/file/watch.ts";
import type { AccountsPlace, ReloadOutcome, WatchedAccounts } from "../auth/place.ts";
import { PASS_FILE_VARIABLE, passFileOf, PASSWORD_VARIABLE } from "../auth/postgres/secrets.ts";
import { type Database, isDatabaseUrl, parseDatabaseUrl } from "../auth/postgres/url.ts";
import type { EventStream } from "../events.ts";
import { counted } from "../net/counted.ts";
import { bracketed } from "../net/ip.ts";
import { withoutPassword } from "../net/without_password.ts";
import { type Need, needEnv, needNet, needRead, needWrite } from "./permissions/query.ts";
import { processSources } from "./settings/sources.ts";
import { DEFAULT_USERS, variableOf } from "./settings/table.ts";
import { UsageError } from "./usage_error.ts";

const { env } = processSources;
const VARIABLE = variableOf("users");

/** The default of `--users` for a command that has no other settings, as `--help` shows it. */
export const USERS_FALLBACK = `${VARIABLE}, or ${DEFAULT_USERS}`;

/**
 * Where accounts are for such a command: what `--users` says, else what `serve` finds in the environment (an image sets
 * the variable for both), else the default. An empty variable is not set.
 */
export function usersOrDefault(given: string | undefined): string {
  return given ?? (env(VARIABLE) || DEFAULT_USERS);
}

/** @throws {UsageError} for a URL that is not one of a database. */
function databaseOf(users: string): Database | undefined {
  if (!isDatabaseUrl(users)) return undefined;
  try {
    return parseDatabaseUrl(users);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`Flag "--users": the URL ${error.message}, not "${withoutPassword(users)}"`);
  }
}

/** For messages: the path of the file, or the URL without what is secret. @throws {UsageError} */
export function accountsName(users: string): string {
  return databaseOf(users)?.name ?? users;
}

/** `File "users.json"`, or a database: how messages about it begin. */
export function describeAccounts(users: string): string {
  return `${isDatabaseUrl(users) ? "Database" : "File"} "${accountsName(users)}"`;
}

/** The place that `users` names. Rejects with {@link UsageError}, and `AccountsError` about a file with its secrets. */
export async function accountsPlace(users: string): Promise<AccountsPlace> {
  const database = databaseOf(users);
  if (!database) return new FilePlace(users);
  const { DatabasePlace } = await import("../auth/postgres/place.ts");
  return await DatabasePlace.open(database, env);
}

/** The permissions to read accounts; in a database, also to change them. @throws {UsageError} */
export function accountsNeeds(users: string): Need[] {
  const database = databaseOf(users);
  if (!database) return [needRead(users, `reading the accounts file "${users}"`)];
  const { name, host, port, socket, rootCertificate } = database;
  const purpose = `connecting to the accounts database "${name}"`;
  const passFile = passFileOf(database, env);
  const variable = database.password !== undefined
    ? undefined
    : [PASSWORD_VARIABLE, PASS_FILE_VARIABLE].find((each) => (env(each) ?? "") !== "");
  return [
    ...(socket === undefined
      ? [needNet(`${bracketed(host)}:${port}`, purpose)]
      : [needNet(`unix:${socket}`, purpose), needRead(socket, purpose), needWrite(socket, purpose)]),
    ...[rootCertificate, passFile].filter((file) => file !== undefined).map((file) =>
      needRead(file, `reading "${file}"`)
    ),
    ...(variable === undefined ? [] : [needEnv(variable, `reading the environment variable "${variable}"`)]),
  ];
}

/** Accounts in memory that follow where they are kept, and the place itself. */
export interface OpenAccounts {
  readonly accounts: WatchedAccounts;
  readonly place: AccountsPlace;
}

/**
 * Reads the accounts and follows them; `onChange` is called when there are others, and everything is reported to
 * `events`. Rejects with {@link AccountsError} and {@link UsageError}.
 */
export async function watchAccounts(users: string, events: EventStream, onChange: () => void): Promise<OpenAccounts> {
  const name = accountsName(users);
  const title = `Accounts ${isDatabaseUrl(users) ? "database" : "file"} "${name}"`;
  const problem = (message: string, error?: Error) =>
    events.emit({ type: "problem", level: "error", message, ...(error && { error }) });
  const notice = (message: string) => events.emit({ type: "notice", level: "info", message });
  const onReload = (outcome: ReloadOutcome) => {
    if (!outcome.ok) return problem(`${title} rejected; keeping the current accounts`, outcome.error);
    onChange();
    notice(`Reloaded ${counted(outcome.accounts, "account")} from "${name}"`);
  };
  const database = databaseOf(users);
  if (!database) return { accounts: await AccountsFile.open(users, { onReload }), place: new FilePlace(users) };
  const { DatabaseAccounts } = await import("../auth/postgres/watch.ts");
  const accounts = await DatabaseAccounts.open(database, env, {
    onReload,
    onRefused: (problems) => problems.forEach((line) => problem(`Refused in "${name}": ${line}`)),
    onTrouble: (error) => {
      if (error) problem(`${title} cannot be reached; the accounts stay as they were`, error);
      else notice(`${title} can be reached again`);
    },
  });
  return { accounts, place: accounts.place };
}

/** `error` as one about the command line, if it is about accounts. */
export function asUsageError(error: unknown): unknown {
  return error instanceof AccountsError ? new UsageError(error.message) : error;
}
