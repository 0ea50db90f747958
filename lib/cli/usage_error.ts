/**
 * What ends a command with one line on stderr.
 *
 * @module
 */

import { bracketed } from "../net/ip.ts";
import { messageOf } from "../net/message_of.ts";

/** A mistake in a command line, an environment variable or a file: names the flag or the file. Status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The command line is right, but what it asks for is not possible or not allowed. Status 1. */
export class CommandRefused extends Error {
  override readonly name = "CommandRefused";
}

/** What to tell about a port that cannot be listened on. */
export function cannotListen(
  error: unknown,
  { host, port }: { readonly host: string; readonly port: number },
): CommandRefused {
  const reason = error instanceof Deno.errors.AddrInUse
    ? "the port is in use"
    : error instanceof Deno.errors.PermissionDenied && port < 1024
    ? "ports below 1024 need the right to bind them"
    : messageOf(error);
  return new CommandRefused(`Cannot listen on ${bracketed(host)}:${port}: ${reason}`);
}
