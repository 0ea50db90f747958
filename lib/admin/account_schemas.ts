/**
 * Accounts as the API takes and shows them: the fields of the accounts file, with a password in place of its hash.
 *
 * @module
 */

import * as v from "valibot";
import { ACCOUNT_FIELDS, accountNameSchema, changeableFields } from "../auth/file/schema.ts";
import { fieldMessage } from "../auth/file/values.ts";

/** NIST SP 800-63B section 5.1.1.1: a password below 8 characters is guessed too easily. */
const SHORTEST_PASSWORD = 8;
/** PASS could not carry a longer one: a line of commands has 4,096 bytes at most. */
const LONGEST_PASSWORD = 1_000;

const password = v.pipe(
  v.string("Must be a text"),
  v.minLength(SHORTEST_PASSWORD, `Must have ${SHORTEST_PASSWORD} characters or more`),
  v.maxLength(LONGEST_PASSWORD, `Must not have more than ${LONGEST_PASSWORD} characters`),
  v.description("the new password; only its hash is kept"),
);

const unknown = fieldMessage("an object", () => ACCOUNT_FIELDS);

/** A new account. */
export const newAccount = v.strictObject(
  { name: accountNameSchema, password: v.exactOptional(password), ...changeableFields },
  unknown,
);

/** `null` takes the field away. */
function removable(fields: typeof changeableFields): v.ObjectEntries {
  return Object.fromEntries(
    Object.entries(fields).map(([name, schema]) => [name, v.exactOptional(v.nullable(schema as v.GenericSchema))]),
  );
}

/** Changes of an account: fields that are not given stay as they are. */
export const accountChange = v.strictObject(
  { password: v.exactOptional(password), ...removable(changeableFields) },
  unknown,
);

/** An account as it is shown. */
export const shownAccount = v.strictObject({
  name: v.string(),
  state: v.pipe(
    v.picklist(["enabled", "disabled", "expired"]),
    v.description("whether it may log in now"),
  ),
  hasPassword: v.boolean(),
  rootPath: v.pipe(v.string(), v.description("what its root is on the server")),
  fixed: v.pipe(v.boolean(), v.description("it is that of --anonymous, and not in the file")),
  usage: v.pipe(
    v.exactOptional(v.strictObject({ bytes: v.number(), limit: v.number() })),
    v.description("bytes of its quota in use, where that was asked for and is known"),
  ),
  fields: v.pipe(v.record(v.string(), v.unknown()), v.description("its fields in the file, without the password")),
});
