/**
 * Protection of both connections: AUTH, PBSZ, PROT and CCC (RFC 4217), which exist only where there is a certificate.
 *
 * @module
 */

import * as reply from "../protocol/reply.ts";
import type { Answer } from "./command.ts";
import type { CommandContext } from "./context.ts";
import { mustProtectData } from "./transfer/request.ts";

/** Whether the commands about TLS exist. */
export function hasTls({ options }: CommandContext): boolean {
  return options.tls !== undefined && options.tls.login !== "off";
}

/** Words that clients send for the same thing; curl tries SSL first. */
const MECHANISMS: ReadonlySet<string> = new Set(["TLS", "TLS-C", "SSL"]);

/** Handles AUTH. */
export function auth(context: CommandContext, mechanism: string): Answer {
  if (!MECHANISMS.has(mechanism.toUpperCase())) return reply.badParameter(`Unknown mechanism "${mechanism}"`);
  if (context.control.secure) return reply.badSequence("The control connection is already protected");
  // TLS takes over the connection, which it can do only while no read is pending.
  if (context.readsAhead) return reply.badSequence("AUTH cannot be pipelined after a transfer; wait for its reply");
  return reply.startTls;
}

/** Handles PBSZ. */
export function pbsz(context: CommandContext, size: string): Answer {
  if (!context.control.secure) return reply.badSequence("Send AUTH TLS first");
  if (!/^\d{1,10}$/.test(size)) return reply.badArgument("PBSZ takes a whole number");
  context.security.bufferSizeSet = true;
  return reply.done("PBSZ=0");
}

/**
 * Handles PROT. Without PBSZ before it, too: implicit TLS and several clients skip it (Pure-FTPd and ProFTPD allow it).
 */
export function prot(context: CommandContext, level: string): Answer {
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

/** Handles CCC, which is always refused. */
export function ccc(context: CommandContext): Answer {
  return context.control.secure ? reply.ccc : reply.badSequence("Send AUTH TLS first");
}

/** AUTH is of no use once TLS is there. */
export function authFeature(context: CommandContext): string | undefined {
  return context.control.secure ? undefined : "AUTH TLS";
}
