/**
 * Accounts from one place to another: from a file to a database, and back.
 *
 * @module
 */

import { dirname, isAbsolute, resolve } from "@std/path";
import { canonicalName } from "../../auth/accounts.ts";
import { formatJson } from "../../auth/file/json_format.ts";
import { FilePlace } from "../../auth/file/place.ts";
import type { AccountsDocument } from "../../auth/file/read.ts";
import { isObject } from "../../auth/file/values.ts";
import { type AccountsPlace, isAccountJson } from "../../auth/place.ts";
import { counted } from "../../net/counted.ts";
import { messageOf } from "../../net/message_of.ts";
import { schemeOf } from "../../vfs/root_url.ts";
import { CommandRefused, UsageError } from "../usage_error.ts";
import type { UserCommand } from "./flags.ts";

type Placed = UserCommand & { readonly place: AccountsPlace };
type Streams = { stdout(text: string): void };

/** Adds all accounts and groups of a file, or none. */
export async function importAccounts({ name: file, place, replaces }: Placed, io: Streams): Promise<void> {
  const source = new FilePlace(file);
  // A file that is not valid as a whole is refused with all that is wrong.
  await source.read();
  const { groups = {}, accounts } = withAbsoluteRoots(await source.document(), dirname(resolve(file)));
  const added = accounts.filter(isAccountJson).map((json) => ({ ...json, name: canonicalName(json.name) }));
  const names = new Set(added.map(({ name }) => name));
  await place.edit((before) => {
    const own = before.accounts.filter(isAccountJson);
    const taken = own.filter(({ name }) => names.has(canonicalName(name))).map(({ name }) => `account "${name}"`);
    const takenGroups = Object.keys(groups).filter((name) => name in (before.groups ?? {})).map((name) =>
      `group "${name}"`
    );
    const [first, ...others] = [...taken, ...takenGroups];
    if (first !== undefined && !replaces) {
      const more = others.length === 0 ? "" : ` and ${others.length} more`;
      throw new CommandRefused(`"${place.name}" has ${first}${more} already: add --replace, or take them out`);
    }
    const both = { ...before.groups, ...groups };
    return {
      ...before,
      ...(Object.keys(both).length > 0 && { groups: both }),
      accounts: [...own.filter(({ name }) => !names.has(canonicalName(name))), ...added],
    };
  }, { create: true });
  io.stdout(`Imported ${counted(added.length, "account")} from "${file}" into "${place.name}"\n`);
}

/** Writes all accounts and groups into a new file for its owner alone, or to standard output. */
export async function exportAccounts({ name: file, place }: Placed, io: Streams): Promise<void> {
  const document = await place.document();
  const directory = place.file === undefined ? Deno.cwd() : dirname(resolve(place.file));
  const text = formatJson(withAbsoluteRoots(document, directory), { indent: "  " });
  if (file === "-") return io.stdout(text);
  try {
    await Deno.writeTextFile(file, text, { createNew: true, mode: 0o600 });
  } catch (error) {
    const reason = error instanceof Deno.errors.AlreadyExists ? "it is there already" : messageOf(error);
    throw new UsageError(`Cannot write "${file}": ${reason}`);
  }
  io.stdout(`Exported ${counted(document.accounts.length, "account")} from "${place.name}" to "${file}"\n`);
}

/** What is relative to one file means something else in another place. */
function withAbsoluteRoots(document: AccountsDocument, directory: string): AccountsDocument {
  const { groups, accounts } = document;
  const absolute = (value: unknown) => isObject(value) ? withAbsoluteRoot(value, directory) : value;
  return {
    ...(groups &&
      { groups: Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, absolute(value)])) }),
    accounts: accounts.map(absolute),
  };
}

function withAbsoluteRoot(fields: Readonly<Record<string, unknown>>, directory: string): Record<string, unknown> {
  const { root, mounts } = fields;
  return {
    ...fields,
    ...(typeof root === "string" && { root: absoluteRoot(root, directory) }),
    ...(Array.isArray(mounts) && {
      mounts: mounts.map((mount) => isObject(mount) ? withAbsoluteRoot(mount, directory) : mount),
    }),
  };
}

function absoluteRoot(root: string, directory: string): string {
  return isAbsolute(root) || schemeOf(root) !== undefined ? root : resolve(directory, root);
}
