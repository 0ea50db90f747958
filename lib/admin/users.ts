/**
 * The file of `--admin-users`: who may log in at the control plane by name, and what they may do there.
 *
 * ```json
 * {
 *   "users": [
 *     { "name": "ann", "password": "$scrypt$…", "roles": ["view", "sessions"], "totp": "JBSWY3DPEHPK3PXP" }
 *   ]
 * }
 * ```
 *
 * @module
 */

import * as v from "valibot";
import { type Account, type AccountsStore, canonicalName, createAccount, MemoryAccounts } from "../auth/accounts.ts";
import { fieldMessage, problemsOf, text } from "../auth/file/values.ts";
import { isPasswordHash, needsThread } from "../auth/password.ts";
import { parseJsonText } from "../net/json_text.ts";
import { messageOf } from "../net/message_of.ts";
import { type Caller, type Role, ROLES } from "./caller.ts";

/** Bytes of a file: about 1,000 users. */
const MOST_BYTES = 1024 * 1024;
/** Rights of others to read or write. */
const OTHERS = 0o077;

const user = v.strictObject({
  name: v.pipe(
    text,
    // Of the FTP accounts this one takes any password, and the check is the same.
    v.check((name) => canonicalName(name) !== "anonymous", "Must not be anonymous, nor ftp"),
    v.check((name) => canonicalName(name) === name, "Must be in composed Unicode (NFC)"),
    v.check((name) => name !== "token" && name !== "socket", "Must not be token or socket: the audit has these words"),
  ),
  password: v.pipe(
    v.string("Must be a hash"),
    v.check(
      (hash) => isPasswordHash(hash) && !needsThread(hash),
      'Must be a hash by scrypt or PBKDF2, as "denoftpd admins add" writes it',
    ),
  ),
  roles: v.pipe(
    v.array(v.picklist(ROLES, `Must be one of ${ROLES.join(", ")}`), "Must be a list of roles"),
    v.minLength(1, "Must have at least one role"),
  ),
  totp: v.exactOptional(
    v.pipe(v.string(), v.regex(/^[A-Z2-7]{16,128}$/, "Must be a secret in base 32, of 16 characters or more")),
  ),
}, fieldMessage("an object", () => ["name", "password", "roles", "totp"]));

/** The file as JSON. */
export const adminUsersSchema = v.strictObject({
  users: v.pipe(
    v.array(user, "Must be a list of users"),
    v.check((users) => new Set(users.map(({ name }) => name)).size === users.length, "Must not have a name twice"),
  ),
}, fieldMessage('an object with a list "users"', () => ["users"]));

/** One user as it is in the file. */
export type AdminUser = v.InferOutput<typeof user>;

/** The file cannot be read, or is not as it must be; the message is one line. */
export class AdminUsersError extends Error {
  override readonly name = "AdminUsersError";
}

/** The users of a file. @throws {AdminUsersError} */
export function readAdminUsers(path: string): readonly AdminUser[] {
  try {
    const { size, mode, isFile } = Deno.statSync(path);
    if (!isFile) throw new Error("It is not a regular file");
    if (size > MOST_BYTES) throw new Error(`It is too large: ${size} bytes`);
    if (mode !== null && (mode & OTHERS) !== 0 && Deno.build.os !== "windows") {
      throw new Error(`Others can read it: run chmod 600 "${path}"`);
    }
    const { success, output, issues } = v.safeParse(adminUsersSchema, parseJsonText(Deno.readTextFileSync(path)));
    if (success) return output.users;
    throw new Error(problemsOf(issues).map(({ at, message }) => `${at}: ${message}`).join("; "));
  } catch (error) {
    throw new AdminUsersError(`File "${path}": ${messageOf(error)}`, { cause: error });
  }
}

/** The users in use. Their passwords are looked up as those of accounts are. */
export class AdminUsers implements AccountsStore {
  readonly #path: string;
  #users: ReadonlyMap<string, AdminUser>;
  #accounts: MemoryAccounts;

  /** @throws {AdminUsersError} */
  constructor(path: string) {
    this.#path = path;
    this.#users = new Map();
    this.#accounts = new MemoryAccounts([]);
    this.reload();
  }

  /** Takes what is in the file now; with an error those before stay. @throws {AdminUsersError} */
  reload(): void {
    const users = readAdminUsers(this.#path);
    this.#users = new Map(users.map((each) => [each.name, each]));
    this.#accounts = new MemoryAccounts(
      users.map(({ name, password }) =>
        createAccount({ name, passwordHash: password, rootPath: "memory:", rules: [] })
      ),
    );
  }

  find(name: string): Account | undefined {
    return this.#accounts.find(name);
  }

  list(): readonly Account[] {
    return this.#accounts.list();
  }

  /** The secret of the codes that a user must send; `undefined` without one. */
  secretOf(name: string): string | undefined {
    return this.#users.get(name)?.totp;
  }

  /** The user as a caller, with the roles of now; `undefined` if there is none any more. */
  callerOf(name: string): Caller | undefined {
    const found = this.#users.get(name);
    return found && { name, means: "login", roles: new Set<Role>(found.roles), address: undefined };
  }
}
