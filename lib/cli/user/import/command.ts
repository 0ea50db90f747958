/**
 * `denoftpd user import`: accounts from the files of other servers.
 *
 * @module
 */

import { dirname, resolve } from "@std/path";
import { canonicalName } from "../../../auth/accounts.ts";
import { editAccounts } from "../../../auth/file/edit.ts";
import { accessProblem, AccountsFileError } from "../../../auth/file/read.ts";
import { type AccountJson, problemWith } from "../../../auth/file/schema.ts";
import { UNPRINTABLE } from "../../../net/unprintable.ts";
import { runCommand } from "../../command.ts";
import { type Flag, flagLines, readFlags } from "../../flags.ts";
import { UsageError } from "../../usage_error.ts";
import { DEFAULT_USERS } from "../../settings/table.ts";
import type { AccountDraft, Imported } from "./draft.ts";
import { fromProftpd, fromPureFtpd } from "./passwd.ts";
import { fromSftpgo } from "./sftpgo.ts";

const SOURCES: Readonly<Record<string, (text: string, options: { readonly permissions: string }) => AccountDraft[]>> = {
  "pure-ftpd": fromPureFtpd,
  proftpd: fromProftpd,
  sftpgo: fromSftpgo,
};

const KNOWN = Object.keys(SOURCES).join(", ");
/** When in doubt an account may do less than it could. */
const DEFAULT_PERMISSIONS = "ro";

const FLAGS = [
  { name: "from", value: "SERVER", help: `the server whose file it is: ${KNOWN}` },
  { name: "into", value: "FILE", help: `the accounts file, made if there is none (${DEFAULT_USERS})` },
  {
    name: "permissions",
    value: "WORDS",
    help: `what each account may do where the file does not say it, pure-ftpd and proftpd (${DEFAULT_PERMISSIONS})`,
  },
  { name: "dry-run", help: "only say what would be done" },
] as const satisfies readonly Flag[];

/** The output of `denoftpd user import --help`. */
export const IMPORT_USAGE = `Usage: denoftpd user import FILE --from ${Object.keys(SOURCES).join("|")} [flags]

${flagLines(FLAGS)}
Reads pureftpd.passwd of Pure-FTPd, the AuthUserFile of ProFTPD, or a backup of SFTPGo in JSON. What cannot be taken
over is listed; a limit that is unknown here disables its account. Accounts that are there already stay as they are.
`;

/** Where the report goes. */
interface ImportIo {
  stdout(text: string): void;
  stderr(text: string): void;
}

/** The largest file that is read, in bytes. */
const MOST_BYTES = 64 * 1024 ** 2;

/** Runs the command: 0 done, 1 some accounts were not taken over, 2 wrong use. */
export async function runImport(args: readonly string[], io: ImportIo): Promise<number> {
  return await runCommand(args.length === 0 ? ["--help"] : args, io, {
    usage: IMPORT_USAGE,
    action: async () => {
      const given = readFlags(args, { command: "user import", flags: FLAGS, most: 1 });
      const [path] = given.rest;
      if (path === undefined) throw new UsageError("Name the file to import");
      const from = given.text("from");
      const read = SOURCES[from ?? ""];
      if (!Object.hasOwn(SOURCES, from ?? "") || !read) {
        throw new UsageError(`Flag "--from" must be one of ${KNOWN}${from === undefined ? "" : `, not "${from}"`}`);
      }
      const permissions = given.text("permissions") ?? DEFAULT_PERMISSIONS;
      const problem = problemWith("permissions", permissions);
      if (problem !== undefined) throw new UsageError(`Flag "--permissions": ${problem}`);
      const into = given.text("into") ?? DEFAULT_USERS;
      const drafts = read(await textAt(path), { permissions });
      const found = drafts.map((draft) => draft.finish(dirname(resolve(into))));
      return await take(found, { into, isDry: given.isOn("dry-run") }, io);
    },
  });
}

async function take(
  found: readonly Imported[],
  { into, isDry }: { readonly into: string; readonly isDry: boolean },
  io: ImportIo,
): Promise<number> {
  const added: AccountJson[] = [];
  const report: string[] = [];
  const merge = (accounts: readonly AccountJson[]): readonly AccountJson[] => {
    const known = new Set(accounts.map(({ name }) => canonicalName(name)));
    for (const { name, account, notes } of found) {
      const isThere = account !== undefined && known.has(account.name);
      if (account && !isThere) {
        known.add(account.name);
        added.push(account);
      }
      const lines = isThere ? ["Not taken over: there is such an account already"] : notes;
      report.push(
        `${JSON.stringify(name)}${lines.length === 0 ? ": as it was" : ""}`,
        ...lines.map((line) => `  ${line}`),
      );
    }
    if (isDry) throw new DryRun();
    return [...accounts, ...added];
  };
  try {
    await editAccounts(into, merge, { create: true });
  } catch (error) {
    if (error instanceof AccountsFileError) throw new UsageError(error.message);
    if (!(error instanceof DryRun)) throw error;
  }
  const verb = isDry ? "Would add" : "Added";
  io.stdout(
    [
      ...report.map((line) => line.replaceAll(UNPRINTABLE, "?")),
      `${verb} ${added.length} of ${found.length} accounts to "${into}"`,
      "",
    ].join("\n"),
  );
  return added.length === found.length ? 0 : 1;
}

/** Leaves the file alone. */
class DryRun extends Error {}

async function textAt(path: string): Promise<string> {
  try {
    const { size, isFile } = await Deno.stat(path);
    if (!isFile) throw new UsageError(`File "${path}": Is not a regular file`);
    if (size > MOST_BYTES) throw new UsageError(`File "${path}": Is too large: ${size} bytes`);
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`File "${path}": ${accessProblem(error, `--allow-read=${path}`)}`);
  }
}
