/**
 * `denoftpd admins`: the file of `--admin-users` from the command line.
 *
 * @module
 */

import { promptSecret } from "@std/cli/prompt-secret";
import { ROLES } from "../../admin/caller.ts";
import { type AdminUser, AdminUsersError, readAdminUsers } from "../../admin/users.ts";
import { hashPassword } from "../../auth/password.ts";
import { messageOf } from "../../net/message_of.ts";
import { runCommand } from "../command.ts";
import { type Flag, flagLines, type GivenFlags, readFlags } from "../flags.ts";
import type { ProgramIo } from "../program_command.ts";
import { CommandRefused, UsageError } from "../usage_error.ts";
import { randomPassword } from "../user/new_password.ts";
import { readPassword } from "../user/password_input.ts";
import { table } from "./tables.ts";

/** Characters: these passwords open more than files. */
const SHORTEST = 12;

/** The actions of the command. */
export const ADMINS_ACTIONS = ["add", "remove", "list"] as const;

/** The flags of the command. */
export const ADMINS_FLAGS: readonly Flag[] = [
  { name: "admin-users", value: "FILE", help: 'the file, as "serve --admin-users" has it; "add" creates it' },
  {
    name: "roles",
    value: "ROLES",
    help: `what the user may do: ${ROLES.join(", ")}, separated by commas`,
    fallback: "view",
  },
  { name: "totp", help: "ask for a code of an authenticator app too, and print its secret" },
  { name: "password-stdin", help: "read the password, of 12 characters or more, from the first line of stdin" },
  { name: "generate", help: "make a random password and print it" },
];

/** The output of `denoftpd admins --help`. */
export const ADMINS_USAGE = `Usage: denoftpd admins add|remove NAME --admin-users FILE [flags]
       denoftpd admins list --admin-users FILE

Those who may log in at "serve --admin HOST:PORT" by name, from other machines over TLS. "add" replaces a user of the
same name. A running server takes the file at its next reload.

${flagLines(ADMINS_FLAGS)}`;

/** Runs it; resolves to the exit status: 0 done, 1 no such user, 2 wrong use or a file that cannot be used. */
export async function runAdmins(args: readonly string[], io: ProgramIo): Promise<number> {
  return await runCommand(args.length === 0 ? ["--help"] : args, io, {
    usage: ADMINS_USAGE,
    action: async () => {
      const given = readFlags<Flag>(args, { command: "admins", flags: ADMINS_FLAGS, most: 2 });
      const file = given.text("admin-users");
      if (file === undefined) throw new UsageError('Flag "--admin-users" must name the file');
      const [action, name] = given.rest;
      if (action === "list") list(file, io);
      else if (name === undefined) throw new UsageError(`It needs an action and a name: ${ADMINS_ACTIONS.join(", ")}`);
      else if (action === "add") await add(file, name, given, io);
      else if (action === "remove") remove(file, name, io);
      else throw new UsageError(`Action must be one of ${ADMINS_ACTIONS.join(", ")}, not "${action}"`);
      return 0;
    },
  });
}

function list(file: string, io: ProgramIo): void {
  const rows = read(file).map(({ name, roles, totp }) => [name, roles.join(","), totp === undefined ? "no" : "yes"]);
  io.stdout(table(["NAME", "ROLES", "CODE"], rows));
}

async function add(file: string, name: string, given: GivenFlags<Flag>, io: ProgramIo): Promise<void> {
  const others = exists(file) ? read(file).filter((user) => user.name !== name) : [];
  const roles = (given.text("roles") ?? "view").split(",");
  const generated = given.isOn("generate");
  const password = generated ? randomPassword() : await readPassword(
    { stdin: io.stdin, promptSecret: io.promptSecret ?? promptSecret },
    { fromStdin: given.isOn("password-stdin"), repeat: true },
  );
  if ([...password].length < SHORTEST) throw new UsageError(`The password must have ${SHORTEST} characters or more`);
  const { Secret, TOTP } = await import("otpauth");
  const secret = given.isOn("totp") ? new Secret({ size: 20 }) : undefined;
  const user = { name, password: await hashPassword(password, io.hash), roles, ...(secret && { totp: secret.base32 }) };
  write(file, [...others, user]);
  io.stdout(`Added "${name}" to "${file}": ${roles.join(", ")}\n`);
  if (generated) io.stdout(`Password: ${password}\n`);
  if (secret) io.stdout(`For the authenticator app: ${new TOTP({ issuer: "denoftpd", label: name, secret })}\n`);
}

function remove(file: string, name: string, io: ProgramIo): void {
  const users = read(file);
  const left = users.filter((user) => user.name !== name);
  if (left.length === users.length) throw new CommandRefused(`No user "${name}" in "${file}"`);
  write(file, left);
  io.stdout(`Removed "${name}"\n`);
}

function read(file: string): readonly AdminUser[] {
  try {
    return readAdminUsers(file);
  } catch (error) {
    throw error instanceof AdminUsersError ? new UsageError(error.message) : error;
  }
}

function exists(file: string): boolean {
  try {
    Deno.statSync(file);
    return true;
  } catch {
    return false;
  }
}

/** Whole, or not at all: what is not as it must be never gets the name of the file. */
function write(file: string, users: readonly unknown[]): void {
  const draft = `${file}.new`;
  try {
    Deno.writeTextFileSync(draft, `${JSON.stringify({ users }, null, 2)}\n`, { mode: 0o600 });
    readAdminUsers(draft);
    Deno.renameSync(draft, file);
  } catch (error) {
    try {
      Deno.removeSync(draft);
    } catch {
      // It was not made.
    }
    throw new UsageError(messageOf(error).replace(draft, file));
  }
}
