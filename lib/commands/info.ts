/**
 * About the server and the session: SYST, FEAT, HELP, NOOP, STAT.
 *
 * @module
 */

import { formatCommandLine } from "../protocol/command_line.ts";
import * as reply from "../protocol/reply.ts";
import * as argument from "./arguments.ts";
import { viewOfCommands } from "./available.ts";
import { type Answer, type Command, command, type CommandTable, isAvailable } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { pathStatus } from "./listing/listing.ts";

/** Features without a command of their own: names are UTF-8 (RFC 2640), paths are as RFC 3659 section 6 (TVFS) has them. */
const WITHOUT_COMMAND = ["UTF8", "TVFS"];

/** Exactly one space before each line (RFC 2389 section 3.2); made from what this session can use. */
function featOf(table: CommandTable): (context: CommandContext) => Answer {
  const features = viewOfCommands(table, (available) => available.flatMap(({ feature }) => feature ?? []));
  return (context) => {
    const lines = features(context).map((feature) => typeof feature === "function" ? feature(context) : feature);
    return reply.systemStatus(["Features:", ...WITHOUT_COMMAND, ...lines.filter((line) => line !== undefined), "End"]);
  };
}

/** Verbs in columns. */
export function verbLines(entries: Iterable<Command>): string[] {
  const verbs = [...entries].flatMap(({ verb, aliases = [] }) => [verb, ...aliases]).sort();
  const lines = [];
  for (let index = 0; index < verbs.length; index += 8) {
    lines.push(verbs.slice(index, index + 8).map((verb) => verb.padEnd(9)).join("").trimEnd());
  }
  return lines;
}

/** HELP of one command, from its row. */
export function helpOf(entry: Command): reply.Reply {
  return reply.helpText(`${formatCommandLine(entry.verb, entry.syntax)}: ${entry.summary}`);
}

function helpFor(table: CommandTable): (context: CommandContext, topic: string | undefined) => Answer {
  const allCommands = viewOfCommands(table, (available) => {
    const useful = available.filter(({ refused }) => !refused);
    return reply.helpText(["Commands:", ...verbLines(useful), "HELP <command> explains a command"]);
  });
  return (context, topic) => {
    if (topic === undefined) return allCommands(context);
    const entry = table.find(topic.toUpperCase());
    return entry && isAvailable(entry, context) ? helpOf(entry) : reply.switchedOff(topic.toUpperCase());
  };
}

function stat(context: CommandContext, path: string | undefined): Answer {
  if (path === undefined) return reply.systemStatus(statusLines(context));
  if (!context.login.account) return reply.notLoggedIn;
  return pathStatus(context, path);
}

function statusLines(context: CommandContext): string[] {
  const { control, login, parameters, server, transfer, security } = context;
  const user = login.account ? `Logged in as ${login.account.name}` : "Not logged in";
  const protection = control.secure ? `TLS, data ${security.protectData ? "protected" : "clear"}` : "clear";
  return [
    "denoftpd status",
    `Connected from ${control.remote.hostname}`,
    user,
    `Control connection: ${protection}`,
    `TYPE: ${parameters.type === "A" ? "ASCII" : "binary"}; STRU: F; MODE: S`,
    transfer ? `${transfer.verb} ${transfer.path}: ${transfer.bytes} bytes so far` : "No transfer in progress",
    `Sessions on this server: ${server.sessionCount}`,
    "End of status",
  ];
}

/** The rows about `table` itself, and about server and session. */
export const infoCommands = (table: CommandTable): readonly Command[] => [
  command({
    verb: "SYST",
    summary: "Show the system type",
    source: "959 §4.1.3",
    open: true,
    argument: argument.none,
    handler: ({ options }) => reply.systemType(options.personality.system),
  }),
  command({
    verb: "FEAT",
    summary: "List the supported extensions",
    source: "2389 §3",
    open: true,
    argument: argument.none,
    handler: featOf(table),
  }),
  command({
    verb: "HELP",
    syntax: "[<command>]",
    summary: "List the commands, or explain one",
    source: "959 §4.1.3",
    open: true,
    argument: argument.optionalText,
    handler: helpFor(table),
  }),
  command({
    verb: "NOOP",
    summary: "Do nothing (resets the idle timer)",
    source: "959 §4.1.3",
    open: true,
    argument: argument.none,
    keeps: "restart",
    handler: () => reply.done("OK"),
  }),
  command({
    verb: "STAT",
    syntax: "[<path>]",
    summary: "Show the status of the session, a transfer or a path",
    source: "959 §4.1.3",
    open: true,
    argument: argument.optionalText,
    urgent: (given) => given === undefined || given === "",
    // Of a large directory a pattern may match nothing for long.
    lengthy: (given) => given !== undefined && given !== "",
    handler: stat,
  }),
];
