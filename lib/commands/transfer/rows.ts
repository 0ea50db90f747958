/**
 * The rows of the commands that move files; ABOR ends one that moves.
 *
 * @module
 */

import * as reply from "../../protocol/reply.ts";
import type { VirtualPath } from "../../vfs/vfs.ts";
import * as argument from "../arguments.ts";
import { command } from "../command.ts";
import type { CommandContext } from "../context.ts";
import { retr } from "./retr.ts";
import { appe, stor, stou } from "./stor.ts";

/** The name that STOU starts from; `undefined`: any. */
const optionalFileName: argument.ArgumentRule<VirtualPath | undefined> = {
  name: "optional",
  parse: (given, context) => given === undefined || given === "" ? undefined : argument.toPath(given, context),
  path: (path) => path,
};

/** Two replies in this order: 426 of the transfer, then 226 (RFC 959 section 4.1.3). */
async function abor(context: CommandContext): Promise<reply.Reply> {
  const transfer = context.transfer;
  if (transfer === undefined) {
    context.setConnector(undefined);
    return reply.nothingToAbort;
  }
  transfer.abort("aborted");
  await transfer.ended;
  return reply.abortDone;
}

export const transferCommands = [
  command({
    verb: "RETR",
    syntax: "<path>",
    summary: "Download a file",
    source: "959 §4.1.3",
    argument: argument.path,
    permission: "read",
    keeps: "restart",
    transfer: true,
    handler: retr,
  }),
  command({
    verb: "STOR",
    syntax: "<path>",
    summary: "Upload a file",
    source: "959 §4.1.3",
    argument: argument.path,
    keeps: "restart",
    transfer: true,
    handler: stor,
  }),
  command({
    verb: "APPE",
    syntax: "<path>",
    summary: "Append to a file",
    source: "959 §4.1.3",
    argument: argument.path,
    needs: "append",
    keeps: "restart",
    transfer: true,
    handler: appe,
  }),
  command({
    verb: "STOU",
    syntax: "[<path>]",
    summary: "Upload under a new, unique name",
    source: "959 §4.1.3",
    argument: optionalFileName,
    keeps: "restart",
    transfer: true,
    handler: stou,
  }),
  command({
    verb: "ABOR",
    summary: "Abort the running transfer",
    source: "959 §4.1.3",
    argument: argument.none,
    urgent: true,
    handler: abor,
  }),
];
