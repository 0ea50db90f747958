/**
 * What somebody should know after a change of accounts: what is not as the server needs it, and how to make it so.
 *
 * @module
 */

import { messageOf } from "../../net/message_of.ts";
import { schemeOf } from "../../vfs/root_url.ts";
import { CommandRefused } from "../usage_error.ts";
import type { UserCommand } from "./flags.ts";

interface Streams {
  stdout(text: string): void;
  stderr(text: string): void;
}

/** Prints a password that no one has typed: it cannot be found out later. */
export function tellGenerated({ passwordGenerated }: UserCommand, password: string | undefined, io: Streams): void {
  if (passwordGenerated && password !== undefined) io.stdout(`Password: ${password}\n`);
}

/** Creates the root with `--create-root`; otherwise warns of a missing one, which may be on the machine that serves. */
export async function tellRoot({ createsRoot }: UserCommand, rootPath: string, io: Streams): Promise<void> {
  if (schemeOf(rootPath) !== undefined) return;
  if (createsRoot) {
    try {
      await Deno.mkdir(rootPath, { recursive: true });
    } catch (error) {
      throw new CommandRefused(`The account is there, but its root "${rootPath}" is not: ${messageOf(error)}`);
    }
    return;
  }
  try {
    if ((await Deno.stat(rootPath)).isDirectory) return;
    io.stderr(`denoftpd: warning: The root "${rootPath}" is not a directory: name another with user set --root\n`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) return;
    io.stderr(`denoftpd: warning: The root "${rootPath}" does not exist: create it, or add --create-root next time\n`);
  }
}

/** Root makes files that an unprivileged server cannot read. */
export async function tellOwner(file: string, io: Streams): Promise<void> {
  const { uid, mode } = await Deno.stat(file);
  if (uid !== 0 || mode === null || (mode & 0o077) !== 0) return;
  io.stderr(
    `denoftpd: warning: Only root can read "${file}": for a server that runs as another user, ` +
      `chgrp GROUP "${file}" && chmod 640 "${file}"\n`,
  );
}
