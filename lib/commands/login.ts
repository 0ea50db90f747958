/**
 * Who the user is: USER, PASS, ACCT, REIN, QUIT and HOST.
 *
 * @module
 */

import * as reply from "../protocol/reply.ts";
import * as argument from "./arguments.ts";
import { type Answer, command } from "./command.ts";
import type { CommandContext } from "./context.ts";

/** 331 for every name, so that none is revealed (RFC 2577 section 7); allowed again at any time. */
function user(context: CommandContext, name: string): Answer {
  const tls = context.options.tls;
  if (tls?.login === "required" && !context.control.secure) {
    return reply.loginRefused("Policy requires TLS: send AUTH TLS first");
  }
  context.resetLogin();
  context.login.name = name;
  return reply.needPassword;
}

/** No argument is an empty password: so clients send the one of `anonymous`. */
function pass(context: CommandContext, password = ""): Answer {
  if (context.login.account) return reply.superfluous("Already logged in");
  if (context.login.name === undefined) return reply.badSequence("Send USER first");
  return context.authenticate(password);
}

function rein(context: CommandContext): Answer {
  context.resetLogin();
  return reply.ready("Ready for a new user");
}

/** Names of RFC 7151 section 3.1: letters, digits, hyphens and dots, or an IPv6 literal in brackets. */
const HOST_NAME = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\])$/i;

function host(context: CommandContext, name: string): Answer {
  if (context.login.name !== undefined) return reply.badSequence("HOST must come before USER");
  if (!HOST_NAME.test(name)) return reply.badArgument("Not a host name");
  const known = context.options.hostNames;
  const wanted = name.toLowerCase().replace(/\.$/, "");
  if (known.length > 0 && !known.some((each) => each.toLowerCase() === wanted)) {
    return reply.badParameter("Unknown host");
  }
  return reply.ready(context.options.banner);
}

export const loginCommands = [
  command({
    verb: "USER",
    syntax: "<name>",
    summary: "Send the user name",
    source: "959 §4.1.1",
    open: true,
    argument: argument.text,
    anyEncoding: true,
    handler: user,
  }),
  command({
    verb: "PASS",
    syntax: "[<password>]",
    summary: "Send the password",
    source: "959 §4.1.1",
    open: true,
    argument: argument.optionalText,
    anyEncoding: true,
    handler: pass,
  }),
  command({
    verb: "ACCT",
    syntax: "<text>",
    summary: "Account information (not required)",
    source: "959 §4.1.1",
    open: true,
    argument: argument.text,
    handler: () => reply.superfluous("ACCT is not required"),
  }),
  command({
    verb: "REIN",
    summary: "Log out and start again",
    source: "959 §4.1.1",
    open: true,
    argument: argument.none,
    handler: rein,
  }),
  command({
    verb: "QUIT",
    summary: "End the session after any running transfer",
    source: "959 §4.1.1",
    open: true,
    argument: argument.none,
    // There are clients that wait for the 221 before they end the data (PyFilesystem). The replies before it must come first.
    urgent: (_argument, { transfer, waiting }) => transfer.isUpload && waiting === 0 && transfer.begun,
    handler: () => reply.goodbye,
  }),
  command({
    verb: "HOST",
    syntax: "<name>",
    summary: "Select the virtual host (before USER)",
    source: "7151 §3",
    open: true,
    argument: argument.text,
    feature: "HOST",
    handler: host,
  }),
];
