/**
 * `denoftpd user … --admin ADDRESS`: the same actions, made by a running server, which uses the result at once.
 *
 * @module
 */

import { resolve } from "@std/path";
import type * as v from "valibot";
import type { shownAccount } from "../../admin/account_schemas.ts";
import { ANONYMOUS, canonicalName } from "../../auth/accounts.ts";
import { showSize } from "../agent/values.ts";
import { schemeOf } from "../../vfs/root_url.ts";
import { newPassword, requireNoPassword } from "../user/new_password.ts";
import { tellGenerated } from "../user/notes.ts";
import type { PasswordInput } from "../user/password_input.ts";
import type { UserCommand } from "../user/flags.ts";
import { UsageError } from "../usage_error.ts";
import type { AdminClient } from "./client.ts";
import { table } from "./tables.ts";

/** The input and output of the command. */
export interface AccountIo extends PasswordInput {
  stdout(text: string): void;
  stderr(text: string): void;
}

type Shown = v.InferOutput<typeof shownAccount>;

/** Does what the command line says by requests to the server. Rejects with `AdminFailure` and {@link UsageError}. */
export async function runUserAt(client: AdminClient, command: UserCommand, io: AccountIo): Promise<void> {
  await using _login = client;
  const name = canonicalName(command.name);
  switch (command.action) {
    case "list":
      return await list(client, io);
    case "add":
      return await add(client, { ...command, name }, io);
    case "set":
    case "passwd":
      return await set(client, { ...command, name }, io);
    case "remove":
      await client.ask({ method: "DELETE", path: pathOf(name) });
      return io.stdout(`Removed account "${name}"\n`);
    case "check":
    case "import":
    case "export":
      throw new UsageError(`Action "${command.action}" reads the accounts itself: leave "--admin" out`);
  }
}

async function list(client: AdminClient, io: AccountIo): Promise<void> {
  const { accounts } = (await client.ask({ path: "/api/accounts?usage=true" })).json as {
    readonly accounts: readonly Shown[];
  };
  const rows = accounts.map((
    { name, state, fields, rootPath, usage },
  ) => [name, state, words(fields["permissions"]), quota(fields["quota"], usage), rootPath]);
  io.stdout(table(["NAME", "STATE", "PERMISSIONS", "QUOTA", "ROOT"], rows));
}

/** What is used of it, where that is known. */
function quota(set: unknown, usage: Shown["usage"]): string {
  if (usage) return `${showSize(usage.bytes)} of ${showSize(usage.limit)}`;
  return set === undefined ? "-" : String(set);
}

function words(permissions: unknown): string {
  return permissions === undefined ? "-" : typeof permissions === "string" ? permissions : JSON.stringify(permissions);
}

async function add(client: AdminClient, command: UserCommand, io: AccountIo): Promise<void> {
  const { name, changes } = command;
  if (!changes.has("root") && !changes.has("group")) {
    throw new UsageError(`Flag "--root" must name the account's directory`);
  }
  if (name === ANONYMOUS) requireNoPassword(command);
  const password = name === ANONYMOUS ? undefined : await newPassword(command, io);
  const permissions = changes.has("group") ? {} : { permissions: name === ANONYMOUS ? "ro" : "rw" };
  const { json } = await client.ask({
    method: "POST",
    path: "/api/accounts",
    body: { name, ...permissions, ...fieldsOf(command), ...(password !== undefined && { password }) },
  });
  io.stdout(`Added account "${name}": its root is "${(json as Shown).rootPath}" on the server\n`);
  tellGenerated(command, password, io);
}

async function set(client: AdminClient, command: UserCommand, io: AccountIo): Promise<void> {
  const { name, action, changes } = command;
  if (action === "passwd" && changes.size > 0) {
    throw new UsageError('Action "passwd" changes only the password: use "set"');
  }
  if (name === ANONYMOUS) requireNoPassword(command);
  // Before anybody is asked for a password.
  const { etag } = await client.ask({ path: pathOf(name) });
  const asks = command.passwordFromStdin || command.passwordGenerated || changes.size === 0;
  if (asks && name === ANONYMOUS) throw new UsageError("Nothing to change: name a flag such as --root");
  const password = asks ? await newPassword(command, io) : undefined;
  await client.ask({
    method: "PATCH",
    path: pathOf(name),
    body: { ...fieldsOf(command), ...(password !== undefined && { password }) },
    headers: etag === undefined ? {} : { "if-match": etag },
  });
  io.stdout(`Changed account "${name}"\n`);
  tellGenerated(command, password, io);
}

function pathOf(name: string): string {
  return `/api/accounts/${encodeURIComponent(name)}`;
}

/** `null` takes a field away. A relative root is meant from here, and the server may be somewhere else. */
function fieldsOf({ changes, root }: UserCommand): Readonly<Record<string, unknown>> {
  const fields = Object.fromEntries(Array.from(changes, ([field, value]) => [field, value ?? null]));
  return root === undefined || schemeOf(root) !== undefined ? fields : { ...fields, root: resolve(root) };
}
