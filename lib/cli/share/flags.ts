/**
 * The command line of `denoftpd share`.
 *
 * @module
 */

import { resolve } from "@std/path";
import { type Account, createAccount } from "../../auth/accounts.ts";
import { isLoopback } from "../../net/ip.ts";
import { parseAccess } from "../../vfs/access_rules.ts";
import { type Flag, flagLines, readFlags } from "../flags.ts";
import { accountNeeds, settingsNeeds } from "../permissions/needs.ts";
import type { Need } from "../permissions/query.ts";
import { ipAddress, parseFrom, portNumber } from "../settings/kinds.ts";
import { type Settings, withDefaults } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

const DEFAULT_USER = "share";

/** The flags of `denoftpd share`. */
export const SHARE_FLAGS = [
  { name: "write", help: "let the client write as well" },
  { name: "user", value: "NAME", help: "name to log in with", fallback: DEFAULT_USER },
  { name: "port", value: "N", help: "control port, 0 for a free one", fallback: "0" },
  {
    name: "host",
    value: "H",
    help: "IP address to listen on; 0.0.0.0 opens the directory to the network",
    fallback: "127.0.0.1",
  },
  { name: "tls", help: "accept only FTPS, with a fresh self-signed certificate" },
] as const satisfies readonly Flag[];

/** The output of `denoftpd share --help`. */
export const SHARE_USAGE = `Usage: denoftpd share DIR [flags]

Serves DIR, read-only unless --write is given, until Ctrl-C. Prints a URL with a random password, which opens nothing
afterwards.

${flagLines(SHARE_FLAGS)}`;

/** A checked command line. */
export interface ShareCommand {
  /** As given. */
  readonly directory: string;
  /** The only account, which has no password yet. */
  readonly account: Account;
  readonly writes: boolean;
  readonly tls: boolean;
  /** Those of `serve` with the host and port of the command line. */
  readonly settings: Settings;
}

/** @throws {UsageError} naming the flag. */
export function readShareFlags(args: readonly string[]): ShareCommand {
  const given = readFlags(args, { command: "share", flags: SHARE_FLAGS, most: 1 });
  const [directory] = given.rest;
  if (directory === undefined || directory === "") {
    throw new UsageError('Directory is missing: name one to share, such as "denoftpd share ."');
  }
  const { user = DEFAULT_USER, host = "127.0.0.1", port = "0" } = Object.fromEntries(
    (["user", "host", "port"] as const).flatMap((name) => {
      const text = given.text(name);
      return text === undefined ? [] : [[name, text]];
    }),
  );
  if (!/^[\w.-]+$/.test(user)) {
    throw new UsageError(`Flag "--user" must be letters, digits, ".", "_" and "-", not "${user}"`);
  }
  const writes = given.isOn("write");
  const { allow, overwrite } = parseAccess(writes ? "rw" : "ro");
  return {
    directory,
    account: createAccount({ name: user, rootPath: resolve(directory), rules: [{ path: "/", allow, overwrite }] }),
    writes,
    tls: given.isOn("tls"),
    settings: withDefaults({
      host: parseFrom('Flag "--host"', host, ipAddress),
      port: parseFrom('Flag "--port"', port, portNumber),
      // Its needs are those of any directory; it also says that there is no accounts file.
      anonymous: directory,
    }),
  };
}

/** The permissions of Deno that sharing needs. */
export function shareNeeds({ settings, account }: ShareCommand): Need[] {
  return [...settingsNeeds(settings), ...accountNeeds([account], settings)];
}

/** Whether passwords and files can be read on the way. */
export function isExposed({ settings, tls }: ShareCommand): boolean {
  return !tls && !isLoopback(settings.host);
}
