/**
 * Who the user is: USER, PASS, ACCT, REIN, QUIT and HOST.
 *
 * @module
 */

import * as reply from "../protocol/reply.ts";
import type { Answer, Meanwhile } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { explained } from "./explained_reply.ts";

/** Handles USER: 331 for every name, so that none is revealed (RFC 2577 section 7); allowed again at any time. */
export function user(context: CommandContext, name: string): Answer {
  const tls = context.options.tls;
  if (tls?.login === "required" && !context.control.secure) {
    return explained(reply.loginRefused("Policy requires TLS: send AUTH TLS first"), { reason: "tls" });
  }
  context.resetLogin();
  context.login.name = name;
  return reply.needPassword;
}

/** Handles PASS. No argument is an empty password: this is how clients send that of `anonymous`. */
export function pass(context: CommandContext, password = ""): Answer {
  if (context.login.account) return reply.superfluous("Already logged in");
  if (context.login.name === undefined) return reply.badSequence("Send USER first");
  return context.authenticate(password);
}

/** Handles ACCT, which nothing here needs. */
export function acct(): Answer {
  return reply.superfluous("ACCT is not required");
}

/** Handles REIN. */
export function rein(context: CommandContext): Answer {
  context.resetLogin();
  return reply.ready("Ready for a new user");
}

/** Handles QUIT. */
export function quit(): Answer {
  return reply.goodbye;
}

/**
 * Some clients wait for the 221 before they end the data of an upload (PyFilesystem). The replies to what they have
 * sent before must come first.
 */
export function quitIsUrgent(
  _argument: string | undefined,
  { transfer, waiting }: Meanwhile,
): boolean | Promise<boolean> {
  return transfer.direction === "upload" && waiting === 0 && transfer.begun;
}

/** Names of RFC 7151 section 3.1: letters, digits, hyphens and dots, or an IPv6 literal in brackets. */
const HOST_NAME = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\])$/i;

/** Handles HOST (RFC 7151). */
export function host(context: CommandContext, name: string): Answer {
  if (context.login.name !== undefined) return reply.badSequence("HOST must come before USER");
  if (!HOST_NAME.test(name)) return reply.badArgument("Not a host name");
  const known = context.options.hostNames;
  const wanted = name.toLowerCase().replace(/\.$/, "");
  if (known.length > 0 && !known.some((each) => each.toLowerCase() === wanted)) {
    return reply.badParameter("Unknown host");
  }
  return reply.ready(context.options.banner);
}
