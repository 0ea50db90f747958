/**
 * About the server and the session: SYST, FEAT, HELP, NOOP, STAT.
 *
 * @module
 */

import { formatCommandLine } from "../protocol/line_reader.ts";
import * as reply from "../protocol/reply.ts";
import { viewOfCommands } from "./available.ts";
import { type Answer, type Command, type CommandTable, isAvailable } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { pathStatus } from "./listing/listing.ts";

/** Features without a command of their own: names are UTF-8 (RFC 2640), paths follow TVFS (RFC 3659 section 6). */
const WITHOUT_COMMAND = ["UTF8", "TVFS"];

/** Makes the handler of FEAT: one space before each line (RFC 2389 section 3.2), from what the session can use. */
export function featOf(table: CommandTable): (context: CommandContext) => Answer {
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

/** Makes the handler of HELP for the rows of `table`. */
export function helpFor(table: CommandTable): (context: CommandContext, topic: string | undefined) => Answer {
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

/** Whether STAT is about a path: it looks at files then, and a pattern may match nothing for long. */
export function statIsAboutPath(given: string | undefined): boolean {
  return given !== undefined && given !== "";
}

/** Handles STAT. */
export function stat(context: CommandContext, path: string | undefined): Answer {
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
    // How busy the server is concerns nobody who has not logged in.
    ...(login.account ? [`Sessions on this server: ${server.sessionCount}`] : []),
    "End of status",
  ];
}

/** Handles SYST. */
export function syst({ options }: CommandContext): Answer {
  return reply.systemType(options.personality.system);
}

/** Handles NOOP. */
export function noop(): Answer {
  return reply.done("OK");
}
