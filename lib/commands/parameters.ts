/**
 * How the next transfers go: TYPE, MODE, STRU, ALLO, REST, RANG, OPTS, and who the client says it is.
 *
 * @module
 */

import { findDigestAlgorithm } from "../data/digest/digest.ts";
import { parseOffset, parseRange } from "../protocol/byte_range.ts";
import { splitSubcommand } from "../protocol/command_line.ts";
import { formatFactSelection, parseFactSelection } from "../protocol/mlsx.ts";
import * as reply from "../protocol/reply.ts";
import * as argument from "./arguments.ts";
import { type Answer, type Command, command, type CommandTable, isAvailable } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { takeRange } from "./state.ts";

/**
 * `A`, `A N`, `I` and `L 8`; the other types and forms belong to machines that are gone. `A T` is the same as `A N` where no format control
 * is kept with a file (RFC 1123 section 4.1.2.2).
 */
function type(context: CommandContext, given: string): Answer {
  const words = given.toUpperCase().split(/ +/);
  const [code, form] = words;
  if (words.length > 2) return reply.badArgument("TYPE takes one code and one form");
  if (code === "A" && (form === undefined || form === "N" || form === "T")) {
    context.parameters.type = "A";
    return reply.done("Type is ASCII");
  }
  if ((code === "I" && form === undefined) || (code === "L" && form === "8") || code === "L8") {
    context.parameters.type = "I";
    return reply.done("Type is binary");
  }
  return reply.badParameter(`Type "${given}" is not supported`);
}

/** One code only: `S` for MODE, `F` for STRU. Clients send both blindly and need 200. */
function only(wanted: string, what: string): (context: CommandContext, given: string) => Answer {
  return (_context, given) =>
    given.toUpperCase() === wanted
      ? reply.done(`${what} is ${wanted}`)
      : reply.badParameter(`${what} "${given}" is not supported`);
}

/**
 * Remembers the size, for the event of the upload. It refuses nothing: RFC 959 section 4.1.3 names no file, and one that is replaced or
 * resumed may need far less room than this says. The upload itself finds out.
 */
function allo(context: CommandContext, given: string): Answer {
  const match = /^(\d{1,15})(?: R \d{1,15})?$/i.exec(given.trim());
  if (!match) return reply.badArgument("ALLO takes a number of bytes");
  const bytes = Number(match[1]);
  context.parameters.announcedSize = bytes;
  return reply.done(`ALLO accepted, ${bytes} bytes`);
}

function rest(context: CommandContext, given: string): Answer {
  const offset = parseOffset(given);
  if (offset === undefined) return reply.badArgument("REST takes a byte offset");
  if (offset > 0 && context.parameters.type === "A" && context.options.ascii === "convert") {
    return reply.badParameter("REST is not supported in TYPE A; use TYPE I");
  }
  context.parameters.restart = offset;
  context.parameters.rangeLength = undefined;
  return reply.restartAt(`Restarting at ${offset}`);
}

/** draft-bryan-ftp-range-08. Both ends are part of the range; `1 0` goes back to the whole file. */
function rang(context: CommandContext, given: string): Answer {
  const request = parseRange(given);
  if (request.kind === "syntaxError") return reply.badArgument("RANG takes a first and a last byte");
  if (request.kind === "clear") {
    takeRange(context.parameters);
    return reply.restartAt("Range cleared");
  }
  if (context.parameters.type === "A" && context.options.ascii === "convert") {
    return reply.badParameter("RANG is not supported in TYPE A; use TYPE I");
  }
  const { start, end } = request.range;
  context.parameters.restart = start;
  context.parameters.rangeLength = end === undefined ? undefined : end - start;
  return reply.restartAt(`Next transfer limited to bytes ${given.replace(" ", " to ")}`);
}

/** What OPTS can set, by the command it is about (RFC 2389 section 4). */
const OPTS: Readonly<Record<string, (context: CommandContext, value: string | undefined) => Answer>> = {
  /** Names are always UTF-8; OFF is answered 200 and changes nothing, as old Windows clients stop at anything else. */
  UTF8: (_context, value) =>
    value === undefined || /^(on|off|nlst)$/i.test(value)
      ? reply.done("UTF-8 is always on")
      : reply.badArgument("OPTS UTF8 takes ON or OFF"),
  /** RFC 3659 section 7.9: no facts selected is a valid wish. */
  MLST: (context, value) => {
    const facts = parseFactSelection(value);
    if (!facts) return reply.badArgument("OPTS MLST takes facts, each followed by a semicolon");
    context.parameters.facts = facts;
    return reply.done(formatFactSelection(facts));
  },
  HASH: (context, value) => {
    if (value === undefined) return reply.done(context.parameters.hash);
    const algorithm = findDigestAlgorithm(value);
    if (!algorithm) return reply.badArgument(`Unknown algorithm "${value}"`);
    context.parameters.hash = algorithm;
    context.parameters.wantsDigests = true;
    return reply.done(algorithm);
  },
};

function optsOf(table: CommandTable): (context: CommandContext, given: string) => Answer {
  return (context, given) => {
    const { verb, argument: value } = splitSubcommand(given);
    const set = OPTS[verb];
    const row = table.find(verb);
    if (!set || (row && !isAvailable(row, context))) return reply.badArgument(`${verb} has no options`);
    return set(context, value === "" ? undefined : value);
  };
}

/** The rows of TYPE and its like; OPTS is about rows of `table`. */
export const parameterCommands = (table: CommandTable): readonly Command[] => [
  command({
    verb: "TYPE",
    syntax: "A|I|L 8",
    summary: "Set the representation type",
    source: "959 §4.1.2",
    argument: argument.text,
    keeps: "restart",
    handler: type,
  }),
  command({
    verb: "MODE",
    syntax: "S",
    summary: "Set the transfer mode (only stream)",
    source: "959 §4.1.2",
    argument: argument.text,
    keeps: "restart",
    handler: only("S", "Mode"),
  }),
  command({
    verb: "STRU",
    syntax: "F",
    summary: "Set the file structure (only file)",
    source: "959 §4.1.2",
    argument: argument.text,
    keeps: "restart",
    handler: only("F", "Structure"),
  }),
  command({
    verb: "ALLO",
    syntax: "<bytes>",
    summary: "Announce the size of the next upload",
    source: "959 §4.1.3",
    argument: argument.text,
    keeps: "restart",
    handler: allo,
  }),
  command({
    verb: "REST",
    syntax: "<offset>",
    summary: "Start the next transfer at an offset",
    source: "3659 §5",
    argument: argument.text,
    keeps: "restart",
    feature: "REST STREAM",
    handler: rest,
  }),
  command({
    verb: "RANG",
    syntax: "<first> <last>",
    summary: "Limit the next transfer to a range of bytes",
    source: "draft-bryan-ftp-range",
    argument: argument.text,
    keeps: "restart",
    feature: "RANG STREAM",
    handler: rang,
  }),
  command({
    verb: "PRET",
    syntax: "<command>",
    summary: "Accepted without effect: nothing needs to be prepared",
    source: "de facto",
    argument: argument.text,
    keeps: "restart",
    handler: () => reply.done("Client name accepted"),
  }),
  command({
    verb: "OPTS",
    syntax: "<command> <options>",
    summary: "Set options for a command",
    source: "2389 §4",
    open: true,
    argument: argument.text,
    handler: optsOf(table),
  }),
  command({
    verb: "CLNT",
    syntax: "<name>",
    summary: "Identify the client software",
    source: "de facto",
    open: true,
    argument: argument.text,
    feature: "CLNT",
    handler: (context, name) => {
      context.parameters.client = name;
      return reply.done("Client name accepted");
    },
  }),
  command({
    verb: "CSID",
    syntax: "Name=<name>; Version=<version>;",
    summary: "Exchange client and server identification",
    source: "draft-peterson-streamlined-ftp",
    open: true,
    argument: argument.text,
    feature: "CSID",
    handler: (context, name) => {
      context.parameters.client = name;
      return reply.done("Name=denoftpd; OS=Deno; CaseSensitive=1; DirSep=/;");
    },
  }),
];
