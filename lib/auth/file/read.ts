/**
 * The accounts file: JSON that people can read and write.
 *
 * ```json
 * {
 *   "accounts": [
 *     {
 *       "name": "alice",
 *       "password": "$scrypt$ln=14,r=8,p=1$…",
 *       "root": "./data",
 *       "permissions": [
 *         { "path": "/", "allow": "ro" },
 *         { "path": "/incoming", "allow": ["list", "write"], "overwrite": false }
 *       ],
 *       "uploads": "atomic",
 *       "quota": "10 GiB",
 *       "validUntil": "2030-12-31",
 *       "allowFrom": ["192.0.2.0/24"]
 *     },
 *     { "name": "anonymous", "root": "./data/pub", "permissions": "ro" }
 *   ]
 * }
 * ```
 *
 * `name`, `root`, `permissions` and, except for `anonymous`, `password` are required. `auth/file/schema.ts` has every
 * field, and `docs/users.schema.json` describes the same to an editor. An unknown field is an error: it is a typo, and
 * what was meant, perhaps a limit, would be lost silently.
 *
 * @module
 */

import { dirname } from "@std/path";
import * as v from "valibot";
import { parseJsonText } from "../../net/json_text.ts";
import { messageOf } from "../../net/message_of.ts";
import { groupsOf } from "./groups.ts";
import { problemsOfGroup, readAccount } from "./schema.ts";
import type { Account } from "../accounts.ts";
import { AccountsError } from "../accounts_error.ts";
import { fieldMessage, isObject, problemsOf, quote, type ValueProblem } from "./values.ts";

/** The largest file that is read, in bytes: about 100,000 accounts. */
const MAX_BYTES = 64 * 1024 ** 2;

/** The file cannot be read (`cause` is the reason), or its content is invalid. */
export class AccountsFileError extends AccountsError {
  /** Always `AccountsFileError`. */
  override readonly name = "AccountsFileError";

  /** `path` and the first of `problems` become the message. */
  constructor(path: string, problems: readonly string[], options?: ErrorOptions) {
    super(`File "${path}"`, problems, options);
  }
}

/** What is mounted is the old file, which has no name any more. */
const REPLACED = "Was replaced on the host, which a mount of a single file does not show: mount its directory instead";

/** Reads and checks the file at `path`. Rejects with {@link AccountsFileError}. */
export async function readAccountsFile(path: string): Promise<Account[]> {
  return parseAccounts(await readAccountsText(path), path);
}

/** The text of the file at `path`. Rejects with {@link AccountsFileError}, which names the missing permission. */
export async function readAccountsText(path: string): Promise<string> {
  try {
    const { size, isFile, isDirectory, nlink } = await Deno.stat(path);
    if (nlink === 0) throw new AccountsFileError(path, [REPLACED]);
    // Reading a pipe would wait for its writer, perhaps forever.
    if (!isFile && !isDirectory) throw new AccountsFileError(path, ["Is not a regular file"]);
    if (size > MAX_BYTES) throw new AccountsFileError(path, [`Is too large: ${size} bytes`]);
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof AccountsFileError) throw error;
    throw new AccountsFileError(path, [accessProblem(error, `--allow-read=${path}`)], { cause: error });
  }
}

/**
 * The accounts in `text`; `path` is for messages, and roots are relative to its directory.
 *
 * @throws {AccountsFileError}
 */
export function parseAccounts(text: string, path: string): Account[] {
  const accounts: Account[] = [];
  const document = parseDocument(text, path);
  const problems = problemsOfGroups(document.groups ?? {});
  // Each account of such a group would have the same problems again.
  if (problems.length > 0) throw new AccountsFileError(path, problems);
  const groups = groupsOf(document.groups);
  for (const [index, value] of document.accounts.entries()) {
    const account = readAccount(value, dirname(path), groups);
    if (Array.isArray(account)) problems.push(...account.map((problem) => problemLine(nameIn(value, index), problem)));
    else accounts.push(account);
  }
  problems.push(...duplicates(accounts));
  if (problems.length > 0) throw new AccountsFileError(path, problems);
  return accounts;
}

/** The file as JSON: the accounts, not checked yet, and what surrounds them. */
export const documentSchema = v.strictObject({
  $schema: v.pipe(v.exactOptional(v.string("Must be a string")), v.description("location of this schema, for editors")),
  groups: v.pipe(
    v.exactOptional(v.record(v.string(), v.unknown(), "Must be an object of groups")),
    v.description('fields that accounts share, by the name of the group: see "group" of accounts'),
  ),
  accounts: v.array(v.unknown(), "Must be a list of accounts"),
}, fieldMessage('an object with a list "accounts"', () => ["accounts", "groups", "$schema"]));

/** What {@link documentSchema} describes. */
export type AccountsDocument = v.InferOutput<typeof documentSchema>;

/**
 * The JSON of `text`.
 *
 * @throws {AccountsFileError}
 */
export function parseDocument(text: string, path: string): AccountsDocument {
  const value = parseJson(text, path);
  if (!isObject(value)) throw new AccountsFileError(path, [`Must be an object with a list "accounts"`]);
  const { success, output, issues } = v.safeParse(documentSchema, value);
  if (success) return output;
  throw new AccountsFileError(path, problemsOf(issues).map(({ at, message }) => `Field ${quote(at)}: ${message}`));
}

/**
 * Why a file could not be used: the missing permission of the runtime, as the flag to add, or the error of the system.
 */
export function accessProblem(error: unknown, flag: string): string {
  if (error instanceof Deno.errors.NotCapable) return `Not permitted by Deno: add ${flag}`;
  if (error instanceof Deno.errors.NotFound) return "Does not exist";
  if (error instanceof Deno.errors.PermissionDenied) return "Permission denied by the operating system";
  if (error instanceof Deno.errors.IsADirectory) return "Is a directory";
  return messageOf(error);
}

function parseJson(text: string, path: string): unknown {
  try {
    return parseJsonText(text);
  } catch (error) {
    throw new AccountsFileError(path, [messageOf(error)]);
  }
}

/** What is wrong with groups, a line for each problem. */
export function problemsOfGroups(groups: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(groups).flatMap(([name, value]) =>
    problemsOfGroup(value).map(({ at, message }) =>
      at === "" ? `Group ${quote(name)}: ${message}` : `Group ${quote(name)}: field ${quote(at)}: ${message}`
    )
  );
}

function nameIn(value: unknown, index: number): string {
  return isObject(value) && typeof value.name === "string" ? quote(value.name) : `number ${index + 1}`;
}

/** The line about a problem with the account `name`. */
export function problemLine(name: string, { at, message }: ValueProblem): string {
  return at === "" ? `Account ${name}: ${message}` : `Account ${name}: field ${quote(at)}: ${message}`;
}

function duplicates(accounts: readonly Account[]): string[] {
  const seen = new Set<string>();
  return accounts.filter(({ name }) => seen.size === seen.add(name).size)
    .map(({ name }) => `Account ${quote(name)}: Another account has the same name`);
}
