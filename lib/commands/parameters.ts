/**
 * How the next transfers go: TYPE, MODE, STRU, ALLO, REST, RANG, OPTS, and who the client says it is.
 *
 * @module
 */

import { findDigestAlgorithm } from "../data/digest/digest.ts";
import { parseOffset, parseRange } from "../protocol/byte_range.ts";
import { splitSubcommand } from "../protocol/line_reader.ts";
import { formatFactSelection, parseFactSelection } from "../protocol/mlsx.ts";
import * as reply from "../protocol/reply.ts";
import { type Answer, type CommandTable, isAvailable } from "./command.ts";
import { explained } from "./explained_reply.ts";
import type { CommandContext } from "./context.ts";

/**
 * Handles TYPE: `A`, `A N`, `I` and `L 8`; the other types and forms belong to machines that no longer exist. `A T` is
 * the same as `A N` where no format control is stored with a file (RFC 1123 section 4.1.2.2).
 */
export function type(context: CommandContext, given: string): Answer {
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

/** Handles MODE: only stream. Clients send it blindly and need 200. */
export function mode(_context: CommandContext, given: string): Answer {
  return given.toUpperCase() === "S" ? reply.done("Mode is S") : reply.badParameter(`Mode "${given}" is not supported`);
}

/** Handles STRU: only file. Clients send it blindly and need 200. */
export function stru(_context: CommandContext, given: string): Answer {
  return given.toUpperCase() === "F"
    ? reply.done("Structure is F")
    : reply.badParameter(`Structure "${given}" is not supported`);
}

/**
 * Handles ALLO: remembers the size, for the event of the upload. It refuses nothing: RFC 959 section 4.1.3 names no
 * file, and one that is replaced or resumed may need far less room than this says. The upload itself finds out.
 */
export function allo(context: CommandContext, given: string): Answer {
  const match = /^(\d{1,15})(?: R \d{1,15})?$/i.exec(given.trim());
  if (!match) return reply.badArgument("ALLO takes a number of bytes");
  const bytes = Number(match[1]);
  const { maxFileSize = Infinity } = context.login.account ?? {};
  if (bytes > maxFileSize) return explained(reply.tooLarge, { reason: "tooLarge" });
  context.parameters.next.announce(bytes);
  return reply.done(`ALLO accepted, ${bytes} bytes`);
}

/** Handles REST. */
export function rest(context: CommandContext, given: string): Answer {
  const offset = parseOffset(given);
  if (offset === undefined) return reply.badArgument("REST takes a byte offset");
  if (offset > 0 && context.parameters.type === "A" && context.options.ascii === "convert") {
    return reply.badParameter("REST is not supported in TYPE A; use TYPE I");
  }
  context.parameters.next.limitTo({ offset, length: undefined });
  return reply.restartAt(`Restarting at ${offset}`);
}

/** Handles RANG (draft-bryan-ftp-range-08). Both ends are part of the range; `1 0` goes back to the whole file. */
export function rang(context: CommandContext, given: string): Answer {
  const request = parseRange(given);
  if (request.kind === "syntaxError") return reply.badArgument("RANG takes a first and a last byte");
  if (request.kind === "clear") {
    context.parameters.next.clearRange();
    return reply.restartAt("Range cleared");
  }
  if (context.parameters.type === "A" && context.options.ascii === "convert") {
    return reply.badParameter("RANG is not supported in TYPE A; use TYPE I");
  }
  const { start, end } = request.range;
  context.parameters.next.limitTo({ offset: start, length: end === undefined ? undefined : end - start });
  return reply.restartAt(`Next transfer limited to bytes ${given.replace(" ", " to ")}`);
}

/**
 * OPTS UTF8, which belongs to no command: names are always UTF-8. OFF is answered 200 and changes nothing, as old
 * Windows clients stop at any other reply.
 */
function chooseUtf8(value: string | undefined): Answer {
  return value === undefined || /^(on|off|nlst)$/i.test(value)
    ? reply.done("UTF-8 is always on")
    : reply.badArgument("OPTS UTF8 takes ON or OFF");
}

/** Handles OPTS MLST. RFC 3659 section 7.9: an empty selection is valid. */
export function chooseFacts(context: CommandContext, value: string | undefined): Answer {
  const facts = parseFactSelection(value);
  if (!facts) return reply.badArgument("OPTS MLST takes facts, each followed by a semicolon");
  context.parameters.facts = facts;
  return reply.done(formatFactSelection(facts));
}

/** Handles OPTS HASH. */
export function chooseAlgorithm(context: CommandContext, value: string | undefined): Answer {
  if (value === undefined) return reply.done(context.parameters.hash);
  const algorithm = findDigestAlgorithm(value);
  if (!algorithm) return reply.badArgument(`Unknown algorithm "${value}"`);
  context.parameters.hash = algorithm;
  context.parameters.wantsDigests = true;
  return reply.done(algorithm);
}

/** Makes the handler of OPTS (RFC 2389 section 4), which asks the rows of `table` what can be set. */
export function optsOf(table: CommandTable): (context: CommandContext, given: string) => Answer {
  return (context, given) => {
    const { verb, argument } = splitSubcommand(given);
    const value = argument === "" ? undefined : argument;
    if (verb === "UTF8") return chooseUtf8(value);
    const row = table.find(verb);
    if (!row?.options || !isAvailable(row, context)) return reply.badArgument(`${verb} has no options`);
    return row.options(context, value);
  };
}

/** Handles PRET: nothing needs to be prepared. */
export function pret(): Answer {
  return reply.done("Accepted, nothing to prepare");
}

/** Handles CLNT. */
export function clnt(context: CommandContext, name: string): Answer {
  context.parameters.client = name;
  return reply.done("Client name accepted");
}

/** Handles CSID, which answers with the same facts about the server. */
export function csid(context: CommandContext, name: string): Answer {
  context.parameters.client = name;
  return reply.done("Name=denoftpd; OS=Deno; CaseSensitive=1; DirSep=/;");
}
