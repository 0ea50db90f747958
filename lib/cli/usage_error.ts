/**
 * What ends a command with one line on stderr.
 *
 * @module
 */

/** A mistake in a command line, an environment variable or a file: names the flag or the file. Status 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The command line is right, but what it asks for is not possible or not allowed. Status 1. */
export class CommandRefused extends Error {
  override readonly name = "CommandRefused";
}
