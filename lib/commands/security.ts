/**
 * Protection of both connections: AUTH, PBSZ, PROT and CCC (RFC 4217). The rows exist only where there is a certificate.
 *
 * @module
 */

import * as reply from "../protocol/reply.ts";
import * as argument from "./arguments.ts";
import { type Answer, command } from "./command.ts";
import type { CommandContext } from "./context.ts";

const hasTls = (context: CommandContext): boolean =>
  context.options.tls !== undefined && context.options.tls.login !== "off";

/** Whether data connections of this session may not be clear: by the server's rule, or by the account's. */
export function mustProtectData(context: CommandContext): boolean {
  return context.options.tls?.data === "required" || context.login.account?.tls === "required";
}

/** Words that clients send for one and the same thing; curl tries SSL first. */
const MECHANISMS: ReadonlySet<string> = new Set(["TLS", "TLS-C", "SSL"]);

function auth(context: CommandContext, mechanism: string): Answer {
  if (!MECHANISMS.has(mechanism.toUpperCase())) return reply.badParameter(`Unknown mechanism "${mechanism}"`);
  if (context.control.secure) return reply.badSequence("The control connection is already protected");
  // TLS takes over the connection, which it can do only while nobody reads from it.
  if (context.readsAhead) return reply.badSequence("AUTH cannot be pipelined after a transfer; wait for its reply");
  return reply.startTls;
}

function pbsz(context: CommandContext, size: string): Answer {
  if (!context.control.secure) return reply.badSequence("Send AUTH TLS first");
  if (!/^\d{1,10}$/.test(size)) return reply.badArgument("PBSZ takes a whole number");
  context.security.bufferSizeSet = true;
  return reply.done("PBSZ=0");
}

/** Without PBSZ before it, too: implicit TLS and several clients skip it (features of Pure-FTPd and ProFTPD). */
function prot(context: CommandContext, level: string): Answer {
  if (!context.control.secure) return reply.badSequence("Send AUTH TLS first");
  switch (level.toUpperCase()) {
    case "P":
      context.security.protectData = true;
      return reply.done("Data connections are protected");
    case "C":
      if (mustProtectData(context)) return reply.tlsRequired;
      context.security.protectData = false;
      return reply.done("Data connections are not protected");
    case "S":
    case "E":
      return reply.protectionUnsupported(level.toUpperCase());
    default:
      return reply.badParameter(`Unknown protection level "${level}"`);
  }
}

export const securityCommands = [
  command({
    verb: "AUTH",
    syntax: "TLS",
    summary: "Protect the control connection",
    source: "4217 §4",
    open: true,
    argument: argument.text,
    enabled: hasTls,
    feature: (context) => context.control.secure ? undefined : "AUTH TLS",
    handler: auth,
  }),
  command({
    verb: "PBSZ",
    syntax: "0",
    summary: "Set the protection buffer size (always 0)",
    source: "4217 §9",
    open: true,
    argument: argument.text,
    enabled: hasTls,
    feature: "PBSZ",
    handler: pbsz,
  }),
  command({
    verb: "PROT",
    syntax: "C|P",
    summary: "Set the protection of data connections",
    source: "4217 §9",
    open: true,
    argument: argument.text,
    enabled: hasTls,
    feature: "PROT",
    handler: prot,
  }),
  command({
    verb: "CCC",
    summary: "Refused: the control connection stays protected",
    source: "4217 §5",
    open: true,
    argument: argument.none,
    enabled: hasTls,
    refused: true,
    handler: (context) => context.control.secure ? reply.ccc : reply.badSequence("Send AUTH TLS first"),
  }),
];
