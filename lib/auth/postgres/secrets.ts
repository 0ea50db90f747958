/**
 * What a connection to a database needs besides its URL: the password, and the certificates that are trusted. Read once
 * at the start, when the process still may.
 *
 * @module
 */

import { messageOf } from "../../net/message_of.ts";
import { AccountsError } from "../accounts_error.ts";
import type { Database } from "./url.ts";

/** The variable with the password. */
export const PASSWORD_VARIABLE = "PGPASSWORD";
/** The variable that names a password file. */
export const PASS_FILE_VARIABLE = "PGPASSFILE";

/** The secrets of one database. */
export interface DatabaseSecrets {
  readonly password: string | undefined;
  /** In PEM; `undefined`: those that the runtime trusts. */
  readonly certificates: string | undefined;
}

/** Reads a variable of the environment; `undefined` also where that is not permitted. */
export type ReadVariable = (name: string) => string | undefined;

/** Mode bits of a password file that let others read it: libpq ignores such a file, too. */
const OPEN_TO_OTHERS = 0o077;

/** The password file that is used; `undefined` if there is none, or no need of one. */
export function passFileOf(database: Database, env: ReadVariable): string | undefined {
  if (database.password !== undefined || (env(PASSWORD_VARIABLE) ?? "") !== "") return undefined;
  return database.passFile ?? (env(PASS_FILE_VARIABLE) || undefined);
}

/** Rejects with {@link AccountsError} about a file that cannot be read. */
export async function readSecrets(database: Database, env: ReadVariable): Promise<DatabaseSecrets> {
  const { rootCertificate } = database;
  const passFile = passFileOf(database, env);
  return {
    password: database.password ?? (env(PASSWORD_VARIABLE) || undefined) ??
      (passFile === undefined ? undefined : await passwordIn(passFile, database)),
    certificates: rootCertificate === undefined ? undefined : await read(rootCertificate, database),
  };
}

async function passwordIn(file: string, database: Database): Promise<string> {
  const text = await read(file, database);
  if (Deno.build.os !== "windows" && ((await Deno.stat(file)).mode ?? 0) & OPEN_TO_OTHERS) {
    throw failure(database, `Others may read the password file "${file}": run chmod 600 on it`);
  }
  const password = findPassword(text, database);
  if (password === undefined) throw failure(database, `The password file "${file}" has no line for this database`);
  return password;
}

/**
 * The password of the first line `HOST:PORT:DATABASE:USER:PASSWORD` that fits; `*` fits everything, and a backslash
 * stands before a colon or a backslash (PostgreSQL documentation, section 34.16).
 */
export function findPassword(text: string, { host, port, database, user }: Database): string | undefined {
  const wanted = [host, String(port), database, user];
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const fields = Array.from(
      line.matchAll(/((?:[^:\\]|\\.)*)(?::|$)/g),
      ([, field = ""]) => field.replace(/\\(.)/g, "$1"),
    );
    if (fields.length < wanted.length + 1) continue;
    if (wanted.every((value, index) => fields[index] === "*" || fields[index] === value)) return fields[wanted.length];
  }
  return undefined;
}

async function read(file: string, database: Database): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    const reason = error instanceof Deno.errors.NotFound ? "it does not exist" : messageOf(error);
    throw failure(database, `Cannot read "${file}": ${reason}`, { cause: error });
  }
}

/** The error about `database`. */
export function failure({ name }: Database, problem: string, options?: ErrorOptions): AccountsError {
  return new AccountsError(`Accounts of "${name}"`, [problem], options);
}
