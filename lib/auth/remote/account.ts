/**
 * Accounts from fields that a backend sends, by the schema of the accounts file.
 *
 * @module
 */

import { type Account, ANONYMOUS, canonicalName } from "../accounts.ts";
import { readAccount } from "../file/schema.ts";
import { isObject } from "../file/values.ts";
import { decoyHash } from "../password.ts";
import { BackendDown } from "./backend.ts";

/**
 * The account of `name`, from fields as in the accounts file, without a password. Relative roots begin in the working
 * directory. `source`: who sent them, for the message.
 *
 * @throws {BackendDown} naming the field that is wrong: a backend that sends it cannot be relied on.
 */
export function accountFrom(
  fields: unknown,
  { name, source }: { readonly name: string; readonly source: string },
): Account {
  const wrong = (why: string) => new BackendDown(`${source} sent an account that cannot be used: ${why}`);
  if (!isObject(fields)) throw wrong("it is not an object");
  const own = canonicalName(name);
  if (own === ANONYMOUS) throw wrong(`"${ANONYMOUS}" has no password`);
  if (fields["name"] !== undefined && canonicalName(String(fields["name"])) !== own) throw wrong("it has another name");
  if ("password" in fields) throw wrong('it has a field "password"');
  // The schema wants a hash; nothing is ever compared with this one.
  const account = readAccount({ ...fields, name: own, password: decoyHash() }, ".", new Map());
  if (!Array.isArray(account)) return withoutHash(account);
  const [{ at, message } = { at: "", message: "" }] = account;
  throw wrong(`field "${at}": ${message}`);
}

function withoutHash({ passwordHash: _, ...account }: Account): Account {
  return account;
}
