/**
 * How the data connection is made: by the client (PASV and EPSV) or by the server (PORT and EPRT).
 *
 * @module
 */

import { familyOf, sameAddress } from "../net/ip.ts";
import {
  type Endpoint,
  formatExtendedPassiveText,
  formatPassiveText,
  type ParsedEndpoint,
  parseEprt,
  parseEpsv,
  parsePort,
} from "../protocol/address.ts";
import * as reply from "../protocol/reply.ts";
import type { Answer } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { explained } from "./explained_reply.ts";
import { Refusal } from "./failure_replies.ts";
import { listen } from "./passive_listening.ts";

/** The server does not connect to the ports of well-known services (RFC 2577 section 3). */
const FIRST_UNPRIVILEGED_PORT = 1024;

const onlyEpsv = reply.badArgument("Only EPSV is allowed after EPSV ALL");

/** Number of the control connection's network protocol in RFC 2428. */
function family(context: CommandContext): "1" | "2" {
  return familyOf(context.control.local.hostname) === 4 ? "1" : "2";
}

/** Handles PASV. */
export async function pasv(context: CommandContext): Promise<reply.Reply> {
  if (context.data.epsvAll) return onlyEpsv;
  if (family(context) === "2") return reply.wrongFamily("2");
  const hostname = await context.server.passiveAddress(context.control);
  if (hostname === undefined) return reply.noDataConnection("No IPv4 address available for PASV; use EPSV");
  const port = await listen(context);
  if (port === undefined) return explained(reply.noPassivePort, { reason: "limit" });
  const announced = context.options.network?.announce?.({ hostname, port }, context.id);
  return reply.passiveMode(formatPassiveText(await announced ?? { hostname, port }));
}

/** Handles EPSV. */
export function epsv(context: CommandContext, given: string | undefined): Answer {
  const request = parseEpsv(given);
  const own = family(context);
  switch (request.kind) {
    case "syntaxError":
      return reply.badArgument("EPSV takes 1, 2 or ALL");
    case "all":
      context.data.epsvAll = true;
      return reply.done("EPSV ALL accepted");
    case "unknownFamily":
      return reply.wrongFamily(own);
    case "family":
      if ((request.family === "IPv4" ? "1" : "2") !== own) return reply.wrongFamily(own);
  }
  const port = listen(context);
  return port instanceof Promise ? port.then((port) => announcePort(context, port)) : announcePort(context, port);
}

function announcePort({ options, control, id }: CommandContext, port: number | undefined): Answer {
  if (port === undefined) return explained(reply.noPassivePort, { reason: "limit" });
  const announced = options.network?.announce?.({ hostname: control.local.hostname, port }, id);
  if (announced === undefined) return reply.extendedPassiveMode(formatExtendedPassiveText(port));
  return Promise.resolve(announced).then(({ port }) => reply.extendedPassiveMode(formatExtendedPassiveText(port)));
}

/** Handles PORT. */
export function port(context: CommandContext, given: string): Answer {
  if (context.data.epsvAll) return onlyEpsv;
  if (context.control.proxied) return reply.onlyPassive;
  if (family(context) === "2") return reply.wrongFamily("2");
  return choose(context, parsePort(given));
}

/** Handles EPRT. */
export function eprt(context: CommandContext, given: string): Answer {
  if (context.data.epsvAll) return onlyEpsv;
  return context.control.proxied ? reply.onlyPassive : choose(context, parseEprt(given));
}

function choose(context: CommandContext, parsed: ParsedEndpoint): reply.Reply {
  if (parsed.kind === "syntaxError") return reply.badArgument("Invalid address or port");
  if (parsed.kind === "unknownFamily") return reply.wrongFamily(family(context));
  requireOwn(context, parsed.endpoint);
  context.setConnector(
    context.options.dataEngine.dial({
      session: context,
      secure: context.security.protectData,
      target: parsed.endpoint,
      timeout: context.options.dataTimeout,
      // A client's firewall expects the address that the client talks to; a host may have several.
      localAddress: context.control.local.hostname,
    }),
  );
  return reply.done("Data address accepted");
}

/**
 * A data connection goes to the client itself and nowhere else: no bounce (RFC 2577 section 3, CERT CA-1997-27).
 *
 * @throws {Refusal} for any other endpoint.
 */
function requireOwn(context: CommandContext, { hostname, port }: Endpoint): void {
  if ((familyOf(hostname) === 4 ? "1" : "2") !== family(context)) {
    throw new Refusal(reply.wrongFamily(family(context)));
  }
  if (port < FIRST_UNPRIVILEGED_PORT) throw new Refusal(reply.badArgument("Ports below 1024 are refused"));
  if (context.options.allowForeignDataPeer || sameAddress(hostname, context.control.remote.hostname)) return;
  throw new Refusal(reply.badArgument(`Only your own address is allowed; try passive mode (PASV or EPSV)`));
}

/** The feature of EPRT, where it can be used. */
export function eprtFeature({ control }: CommandContext): string | undefined {
  return control.proxied ? undefined : "EPRT";
}

/** Whether PORT and EPRT exist. */
export function activeAllowed({ options }: CommandContext): boolean {
  return options.active;
}
