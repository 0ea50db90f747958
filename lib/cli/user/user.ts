/**
 * `denoftpd user`: the accounts file, or the database, from the command line.
 *
 * @module
 */

import { promptSecret } from "@std/cli/prompt-secret";
import { ACCOUNT_FIELDS, type AccountField, type AccountJson } from "../../auth/file/schema.ts";
import { type Account, ANONYMOUS, canonicalName, isAnonymous, loginState } from "../../auth/accounts.ts";
import { AccountsError } from "../../auth/accounts_error.ts";
import { type AccountsPlace, isAccountJson, ofAccounts } from "../../auth/place.ts";
import { type HashOptions, hashPassword, verifyPassword } from "../../auth/password.ts";
import { type PasswordInput, readPassword } from "./password_input.ts";
import { exportAccounts, importAccounts } from "./transfer.ts";
import { newPassword, requireNoPassword } from "./new_password.ts";
import { tellGenerated, tellOwner, tellRoot } from "./notes.ts";
import { accountSheet, accountTable, describeRules } from "./report.ts";
import { parseUserCommand, USER_USAGE, type UserAction, type UserCommand } from "./flags.ts";
import { withStatus } from "../admin/client.ts";
import { accountsPlace } from "../accounts.ts";
import { runCommand } from "../command.ts";
import { CommandRefused, UsageError } from "../usage_error.ts";

/** The input and output of the tool; `Deno.stdin` and writers of text fit. */
export interface UserIo extends Pick<PasswordInput, "stdin">, Partial<Pick<PasswordInput, "promptSecret">> {
  /** Writes text, including line ends. */
  stdout(text: string): void;
  /** Writes text, including line ends. */
  stderr(text: string): void;
  /** Cost of new password hashes. */
  readonly hash?: HashOptions;
}

/** A command about accounts that this process reads and changes itself. */
interface PlacedCommand extends UserCommand {
  readonly place: AccountsPlace;
}

const ACTIONS: Readonly<Record<UserAction, (command: PlacedCommand, io: UserIo) => Promise<void>>> = {
  add: addAccount,
  set: setAccount,
  passwd: setPassword,
  remove: removeAccount,
  list: listAccounts,
  check: checkAccount,
  import: importAccounts,
  export: exportAccounts,
};

/**
 * Runs `denoftpd user` and resolves to its exit status: 0 done, 1 refused (no such account, wrong password), 2 bad
 * command line or file; with `--admin` also 7, no server, and 67, not let in.
 */
export async function runUser(args: readonly string[], io: UserIo): Promise<number> {
  return await runCommand(args.length === 0 ? ["--help"] : args, io, {
    usage: USER_USAGE,
    action: async () => {
      const command = parseUserCommand(args);
      const { client } = command;
      if (client) {
        const { runUserAt } = await import("../admin/accounts.ts");
        return await withStatus(
          io,
          () =>
            runUserAt(client, command, {
              ...withPrompt(io),
              stdout: (text) => io.stdout(text),
              stderr: (text) => io.stderr(text),
            }),
        );
      }
      try {
        await ACTIONS[command.action]({ ...command, place: await accountsPlace(command.users) }, io);
      } catch (error) {
        throw error instanceof AccountsError ? withEveryProblem(error) : error;
      }
      return 0;
    },
  });
}

/** Here there is room for what the message counts only. */
function withEveryProblem({ message, problems }: AccountsError): UsageError {
  return new UsageError([message, ...problems.slice(1).map((problem) => `  ${problem}`)].join("\n"));
}

async function addAccount(command: PlacedCommand, io: UserIo): Promise<void> {
  const { changes, place } = command;
  const name = canonicalName(command.name);
  const hasGroup = changes.has("group");
  if (!changes.has("root") && !hasGroup) throw new UsageError(`Flag "--root" must name the account's directory`);
  if (name === ANONYMOUS) requireNoPassword(command);
  const password = name === ANONYMOUS ? undefined : await newPassword(command, withPrompt(io));
  const account = apply({ name }, [
    // Those of the group would have no effect.
    ...(hasGroup ? [] : [["permissions", name === ANONYMOUS ? "ro" : "rw"]] as const),
    ...(password === undefined ? [] : [["password", await hashPassword(password, io.hash)]] as const),
    ...changes,
  ]);
  await place.edit(
    ofAccounts((accounts) => {
      if (accounts.some((other) => isCalled(other, name))) {
        throw new CommandRefused(`Account "${name}" already exists: use "set"`);
      }
      return [...accounts, account];
    }),
    { create: true },
  );
  const { rules, rootPath } = await find(place, name);
  io.stdout(`Added account "${name}" to "${place.name}": ${describeRules(rules)} in "${rootPath}"\n`);
  tellGenerated(command, password, io);
  await tellRoot(command, rootPath, io);
  if (place.file !== undefined) await tellOwner(place.file, io);
}

async function setAccount(command: PlacedCommand, io: UserIo): Promise<void> {
  const { changes } = command;
  const name = canonicalName(command.name);
  if (name === ANONYMOUS) requireNoPassword(command);
  const asks = command.passwordFromStdin || command.passwordGenerated;
  if (!asks && changes.size === 0 && name === ANONYMOUS) {
    throw new UsageError(`Nothing to change: name a flag such as --root`);
  }
  // Without any other change it is about the password.
  await change(command, io, { asksPassword: asks || changes.size === 0 });
  if (command.root !== undefined) await tellRoot(command, (await find(command.place, name)).rootPath, io);
}

async function setPassword(command: PlacedCommand, io: UserIo): Promise<void> {
  if (command.changes.size > 0) throw new UsageError('Action "passwd" changes only the password: use "set"');
  if (canonicalName(command.name) === ANONYMOUS) throw new UsageError(`The account "${ANONYMOUS}" has no password`);
  await change(command, io, { asksPassword: true });
}

async function change(
  command: PlacedCommand,
  io: UserIo,
  options: { readonly asksPassword: boolean },
): Promise<void> {
  const { changes, place } = command;
  const name = canonicalName(command.name);
  // Before anybody is asked for a password.
  const { accounts } = await place.document();
  if (!accounts.some((other) => isAccountJson(other) && isCalled(other, name))) throw noAccount(name);
  const password = options.asksPassword ? await newPassword(command, withPrompt(io)) : undefined;
  const hashed = password === undefined ? [] : [["password", await hashPassword(password, io.hash)]] as const;
  await place.edit(ofAccounts((accounts) => {
    if (!accounts.some((other) => isCalled(other, name))) throw noAccount(name);
    return accounts.map((other) => isCalled(other, name) ? apply(other, [...hashed, ...changes]) : other);
  }));
  io.stdout(`Changed account "${name}"\n`);
  tellGenerated(command, password, io);
}

async function removeAccount(command: PlacedCommand, io: UserIo): Promise<void> {
  const name = canonicalName(command.name);
  await command.place.edit(ofAccounts((accounts) => {
    const rest = accounts.filter((other) => !isCalled(other, name));
    if (rest.length === accounts.length) throw noAccount(name);
    return rest;
  }));
  io.stdout(`Removed account "${name}"\n`);
}

async function listAccounts(command: PlacedCommand, io: UserIo): Promise<void> {
  const { accounts, problems } = await command.place.read();
  io.stdout(accountTable(accounts, Date.now()));
  for (const problem of problems) io.stderr(`denoftpd: warning: Refused: ${problem}\n`);
}

async function checkAccount(command: PlacedCommand, io: UserIo): Promise<void> {
  const account = await find(command.place, canonicalName(command.name));
  if (!isAnonymous(account)) {
    const password = await readPassword(withPrompt(io), { fromStdin: command.passwordFromStdin });
    const right = account.passwordHash !== undefined && await verifyPassword(password, account.passwordHash);
    if (!right) throw new CommandRefused(`Wrong password for account "${account.name}"`);
  }
  const state = loginState(account, Date.now());
  if (state !== "enabled") throw new CommandRefused(`Account "${account.name}" is ${state}`);
  io.stdout(accountSheet(account));
}

async function find(place: AccountsPlace, name: string): Promise<Account> {
  const { accounts, problems } = await place.read();
  const account = accounts.find((account) => account.name === name);
  if (account !== undefined) return account;
  const reason = problems.find((problem) => problem.startsWith(`Account ${JSON.stringify(name)}:`));
  throw reason === undefined ? noAccount(name) : new CommandRefused(reason);
}

function noAccount(name: string): CommandRefused {
  return new CommandRefused(`No account "${name}"`);
}

function withPrompt(io: UserIo): PasswordInput {
  return { stdin: io.stdin, promptSecret: (message) => (io.promptSecret ?? promptSecret)(message) };
}

function isCalled(account: AccountJson, name: string): boolean {
  return canonicalName(account.name) === name;
}

/** `account` with `changes`: existing fields keep their position, new ones follow in their usual order. */
function apply(account: AccountJson, changes: Iterable<readonly [AccountField, unknown]>): AccountJson {
  const values = new Map(changes);
  const ordered = ACCOUNT_FIELDS.filter((field) => values.has(field)).map((field) => [field, values.get(field)]);
  const fields = Object.entries({ ...account, ...Object.fromEntries(ordered) });
  return { ...Object.fromEntries(fields.filter(([, value]) => value !== undefined)), name: account.name };
}
