/**
 * The fields of an account in the accounts file: one row each, which checks the value and turns it into a field of the
 * account.
 *
 * @module
 */

import { type Account, ANONYMOUS, canonicalName, createAccount } from "../accounts.ts";
import {
  isObject,
  quote,
  readAmount,
  readChoice,
  readCount,
  readEnd,
  readFlag,
  readNetworks,
  readText,
  ValueError,
} from "./json_values.ts";
import { isPasswordHash, PASSWORD_SCHEMES } from "../password.ts";
import { readRules } from "./access_rules.ts";
import { resolveRoot } from "../../vfs/root_url.ts";

/**
 * Reads one field; `directory` is the directory of the accounts file.
 *
 * @throws {ValueError}
 */
type FieldReader = (value: unknown, directory: string) => Partial<Account>;

const FIELDS = {
  name: (value) => ({ name: readName(value) }),
  password: (value) => ({ passwordHash: readPasswordHash(value) }),
  root: (value, directory) => ({ root: readText(value), rootPath: readRoot(readText(value), directory) }),
  permissions: (value) => ({ rules: readRules(value) }),
  uploads: (value) => ({ uploads: readChoice(value, ["inPlace", "atomic"]) }),
  brokenUploads: (value) => ({ brokenUploads: readChoice(value, ["keep", "delete"]) }),
  maxSessions: (value) => ({ maxSessions: readCount(value) }),
  uploadRate: (value) => ({ uploadRate: readAmount(value) }),
  downloadRate: (value) => ({ downloadRate: readAmount(value) }),
  quota: (value) => ({ quota: readAmount(value) }),
  enabled: (value) => ({ enabled: readFlag(value) }),
  validUntil: (value) => ({ validUntil: readEnd(value) }),
  allowFrom: (value) => ({ allowFrom: readNetworks(value) }),
  tls: (value) => ({ tls: readChoice(value, ["optional", "required"]) }),
  comment: (value) => (readText(value), {}),
} as const satisfies Readonly<Record<string, FieldReader>>;

/** The name of a field in the file. */
export type AccountField = keyof typeof FIELDS;

/** One account as it is in the file, in JSON. */
export type AccountJson = { name: string } & Partial<Record<AccountField, unknown>>;

/** Every field, in the order in which a new account is written. */
export const ACCOUNT_FIELDS: readonly AccountField[] = Object.keys(FIELDS).filter(isAccountField);

/** Whether `key` names a field of an account. */
export function isAccountField(key: string): key is AccountField {
  return Object.hasOwn(FIELDS, key);
}

/**
 * What is wrong with one field; `field` is for example `permissions[1].allow`, empty if it is about the account as a
 * whole.
 */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

/**
 * The account that `value` describes, or everything that is wrong with it. `directory` is the directory of the file.
 */
export function readAccount(value: unknown, directory: string): Account | FieldProblem[] {
  if (!isObject(value)) return [{ field: "", message: `Must be an object, not ${quote(value)}` }];
  const problems: FieldProblem[] = [];
  const account: Partial<Account> = {};
  for (const [key, item] of Object.entries(value)) {
    try {
      Object.assign(account, readField(key, item, directory));
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      problems.push({ field: key + error.at, message: error.message });
    }
  }
  problems.push(...missing(value));
  // Without problems every required field is there, so these three placeholders are always overwritten.
  return problems.length === 0 ? createAccount({ name: "", rootPath: "", rules: [], ...account }) : problems;
}

/**
 * Checks one value on its own, as the `user` command does with its flags.
 *
 * @throws {ValueError}
 */
export function checkField(field: AccountField, value: unknown): void {
  FIELDS[field](value, ".");
}

function readField(key: string, value: unknown, directory: string): Partial<Account> {
  if (!isAccountField(key)) throw new ValueError(`Unknown field; the fields are ${ACCOUNT_FIELDS.join(", ")}`);
  return FIELDS[key](value, directory);
}

function missing(value: Readonly<Record<string, unknown>>): FieldProblem[] {
  const anonymous = value.name === ANONYMOUS;
  const required: AccountField[] = ["name", "root", "permissions"];
  if (!anonymous) required.push("password");
  const problems = required
    .filter((field) => !Object.hasOwn(value, field))
    .map((field) => ({ field, message: "Is missing" }));
  if (anonymous && Object.hasOwn(value, "password")) {
    problems.push({ field: "password", message: `Not allowed: any password opens the account "${ANONYMOUS}"` });
  }
  return problems;
}

function readName(value: unknown): string {
  const name = readText(value);
  if (name.trim() !== name) throw new ValueError(`Must not begin or end with a space: ${quote(name)}`);
  if (canonicalName(name) === ANONYMOUS && name !== ANONYMOUS) {
    throw new ValueError(`Must be "${ANONYMOUS}", the name that also accepts "ftp", not ${quote(name)}`);
  }
  return canonicalName(name);
}

function readRoot(root: string, directory: string): string {
  try {
    return resolveRoot(root, directory);
  } catch (error) {
    throw error instanceof RangeError ? new ValueError(error.message) : error;
  }
}

/** The message never includes the value: it may be a password in plain text. */
function readPasswordHash(value: unknown): string {
  if (typeof value !== "string" || !isPasswordHash(value)) {
    throw new ValueError(
      `Must be a hash (${PASSWORD_SCHEMES.join(", ")}) of bounded cost, as written by "denoftpd user set"`,
    );
  }
  return value;
}
