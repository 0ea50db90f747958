/**
 * SITE: commands of this server, each a row under the same checks as the others.
 *
 * @module
 */

import { isAnonymous, rulesOf } from "../auth/accounts.ts";
import { splitSubcommand } from "../protocol/line_reader.ts";
import * as reply from "../protocol/reply.ts";
import { parseTimeVal } from "../protocol/time.ts";
import * as argument from "./arguments.ts";
import { type Answer, type CommandTable, isAvailable } from "./command.ts";
import type { SessionInfo } from "../session_info.ts";
import type { CommandContext } from "./context.ts";
import { explained } from "./explained_reply.ts";
import { setModified } from "./transfer/own_uploads.ts";
import { helpOf, verbLines } from "./info.ts";

/** Handles SITE CHMOD. */
export async function chmod(context: CommandContext, given: string): Promise<reply.Reply> {
  const match = /^(0?[0-7]{3}) (.+)$/.exec(given);
  if (!match) return reply.badArgument("SITE CHMOD takes an octal mode up to 777 and a path");
  const [, mode = "", name = ""] = match;
  const path = argument.toPath(name, context);
  const set = context.vfs.capabilities.setMode;
  if (!set) return reply.switchedOff("SITE CHMOD");
  await set(path, parseInt(mode, 8));
  context.emit({ type: "fileChanged", change: "modified", path });
  return reply.done("Mode changed");
}

/**
 * Handles `SITE UTIME time path`, and the older form: the path, then the times of access, modification and creation,
 * and `UTC`.
 */
export async function utime(context: CommandContext, given: string): Promise<reply.Reply> {
  const short = /^(\d{12,14}) (.+)$/.exec(given);
  const long = /^(.+) \d{14} (\d{14}) \d{14} UTC$/.exec(given);
  const name = short?.[2] ?? long?.[1];
  const time = parseTimeVal((short?.[1] ?? long?.[2] ?? "").padEnd(14, "0"));
  if (name === undefined || time === undefined) return reply.badArgument("SITE UTIME takes YYYYMMDDHHMMSS and a path");
  const path = argument.toPath(name, context);
  await setModified(context, path, time);
  context.emit({ type: "fileChanged", change: "modified", path });
  return reply.done("Time changed");
}

/** Handles SITE UMASK. */
export function umask(context: CommandContext, given: string | undefined): Answer {
  if (given === undefined) {
    const current = context.parameters.umask;
    if (current !== undefined) return reply.done(`UMASK is ${octal(current)}`);
    const { umask: own } = context.login.account ?? {};
    return reply.done(own === undefined ? "UMASK is the server default" : `UMASK is ${octal(own)}`);
  }
  if (!/^0?[0-7]{1,3}$/.test(given)) return reply.badArgument("SITE UMASK takes an octal number up to 777");
  context.parameters.umask = parseInt(given, 8);
  return reply.done(`UMASK set to ${octal(context.parameters.umask)}`);
}

const octal = (mask: number): string => mask.toString(8).padStart(3, "0");

/** Longest idle time a client may ask for, in seconds. */
const LONGEST_IDLE = 7200;

/** Handles SITE IDLE. */
export function idle(context: CommandContext, given: string | undefined): Answer {
  if (given === undefined) return reply.done(`Idle limit is ${context.idleTimeout / 1000} seconds`);
  const seconds = /^\d{1,5}$/.test(given) ? Number(given) : 0;
  if (seconds < 1 || seconds > LONGEST_IDLE) return reply.badArgument(`SITE IDLE takes 1 to ${LONGEST_IDLE} seconds`);
  context.idleTimeout = seconds * 1000;
  return reply.done(`Idle limit is ${seconds} seconds`);
}

/**
 * Handles SITE WHO: the sessions of the same account, as what other accounts do is their own business. Anonymous users
 * are strangers to each other.
 */
export async function who(context: CommandContext): Promise<reply.Reply> {
  const { account } = context.login;
  if (!account || isAnonymous(account)) {
    return explained(reply.actionRefused("SITE WHO is not available to anonymous users"), { reason: "unavailable" });
  }
  const lines = [];
  for (const session of await context.server.sessions()) {
    if (session.user === account.name) lines.push(describe(session, context));
  }
  return reply.systemStatus([`Sessions of ${account.name}:`, ...lines, `${lines.length} in all`]);
}

function describe({ id, address, since, secure, ...doing }: SessionInfo, context: CommandContext): string {
  const seconds = Math.max(0, Math.round((context.options.clock() - since) / 1000));
  return `${id} ${address} ${secure ? "TLS" : "clear"} ${seconds}s ${activityOf(doing, context)}`;
}

/**
 * Names of files are shown to those who may list every directory: others hand in files that they must not see of each
 * other.
 */
function activityOf(
  { lastCommand, transfer }: Pick<SessionInfo, "lastCommand" | "transfer">,
  { login }: CommandContext,
): string {
  const namesFiles = login.account && rulesOf(login.account).every(({ allow }) => allow.has("list"));
  if (!transfer) return namesFiles ? lastCommand : lastCommand.split(" ", 1).join();
  const path = namesFiles ? ` ${transfer.path}` : "";
  return `${transfer.verb}${path} (${transfer.bytes} bytes)`;
}

/** Makes the handler of SITE HELP for the rows of `table`. */
export function siteHelpFor(table: CommandTable): (context: CommandContext, topic: string | undefined) => Answer {
  return (context, topic) => {
    if (topic !== undefined) {
      const entry = table.find(topic.toUpperCase());
      return entry && isAvailable(entry, context) ? helpOf(entry) : reply.switchedOff(`SITE ${topic.toUpperCase()}`);
    }
    const available = table.commands.filter((entry) => isAvailable(entry, context));
    return reply.helpText(["SITE commands:", ...verbLines(available), "SITE HELP <command> explains a command"]);
  };
}

/** Makes the handler of SITE, which runs the rows of `table`; SITE itself needs no more than they do. */
export function siteOf(table: CommandTable): (context: CommandContext, given: string) => Answer {
  return (context, given) => {
    const { verb, argument: rest } = splitSubcommand(given);
    const entry = table.find(verb);
    if (!entry) return reply.unknownCommand(`SITE ${verb}`);
    if (!isAvailable(entry, context)) return reply.switchedOff(`SITE ${verb}`);
    return entry.executeUnasked(context, rest);
  };
}
