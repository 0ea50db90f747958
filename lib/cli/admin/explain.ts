/**
 * `denoftpd explain ACCOUNT VERB PATH`: the "may they?" question, offline or asked of a running server.
 *
 * @module
 */

import { explainIn, type PlacedExplanation } from "../../admin/explain_operation.ts";
import { escapeUnprintable } from "../../net/unprintable.ts";
import { canonicalName } from "../../auth/accounts.ts";
import { accountsPlace, asUsageError, USERS_FALLBACK, usersOrDefault } from "../accounts.ts";
import { runCommand } from "../command.ts";
import { type Flag, flagLines, type GivenFlags, readFlags } from "../flags.ts";
import type { CommandIo } from "../io.ts";
import { UsageError } from "../usage_error.ts";
import { ADMIN_FLAGS } from "./address.ts";
import { clientOf, withStatus } from "./client.ts";

/** The flags of `denoftpd explain`. */
export const EXPLAIN_FLAGS: readonly Flag[] = [
  { name: "users", value: "FILE|URL", help: `where the accounts are (${USERS_FALLBACK})` },
  { name: "json", help: "print one JSON object" },
  ...ADMIN_FLAGS,
];

/** The output of `denoftpd explain --help`. */
export const EXPLAIN_USAGE = `Usage: denoftpd explain ACCOUNT VERB PATH [--users FILE|URL]

Says whether the account may use a verb such as STOR at a path, and which rule of the file decides, with its line.
No file is looked at: that the disk refuses it is another matter. A server is asked only with --admin.
Status 0 for allowed, 1 for denied.

${flagLines(EXPLAIN_FLAGS)}`;

/** Runs it; resolves to the exit status: 0 allowed, 1 denied, 2 wrong use or no such account. */
export async function runExplain(args: readonly string[], io: CommandIo): Promise<number> {
  return await runCommand(args.length === 0 ? ["--help"] : args, io, {
    usage: EXPLAIN_USAGE,
    action: async () => {
      const given = readFlags<Flag>(args, { command: "explain", flags: EXPLAIN_FLAGS, most: 4 });
      const { rest } = given;
      // "SITE CHMOD" may be two words.
      const [name, verb, path] = rest.length === 4 ? [rest[0], `${rest[1]} ${rest[2]}`, rest[3]] : rest;
      if (name === undefined || verb === undefined || path === undefined) {
        throw new UsageError("It needs an account, a verb and a path, such as: explain alice STOR /incoming/a.txt");
      }
      const question = { name, verb, path };
      let isAllowed = false;
      const status = await withStatus(io, async () => {
        const answer = given.text("admin") === undefined
          ? await offline(usersOrDefault(given.text("users")), question)
          : await ask(given, question);
        isAllowed = answer.allowed;
        io.stdout(given.isOn("json") ? `${JSON.stringify(answer)}\n` : sentence(answer));
      });
      return status !== 0 ? status : isAllowed ? 0 : 1;
    },
  });
}

interface Question {
  readonly name: string;
  readonly verb: string;
  readonly path: string;
}

async function offline(users: string, { name, ...question }: Question): Promise<PlacedExplanation> {
  try {
    const place = await accountsPlace(users);
    const account = (await place.read()).accounts.find((each) => each.name === canonicalName(name));
    if (account === undefined) throw new UsageError(`No account "${name}" in "${place.name}"`);
    return await explainIn(place.file, account, question);
  } catch (error) {
    throw error instanceof RangeError ? new UsageError(error.message) : asUsageError(error);
  }
}

async function ask(given: GivenFlags<Flag>, { name, verb, path }: Question): Promise<PlacedExplanation> {
  await using client = clientOf(given);
  const query = new URLSearchParams({ account: name, verb, path });
  return (await client.ask({ path: `/api/explain?${query}` })).json as PlacedExplanation;
}

function sentence({ text, file, line }: PlacedExplanation): string {
  return `${escapeUnprintable(text)}${line === undefined ? "" : ` (${escapeUnprintable(file ?? "")}:${line})`}\n`;
}
