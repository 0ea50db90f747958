/**
 * What all commands do alike: print their usage, and end with one line about a mistake.
 *
 * @module
 */

import { escapeControls } from "../net/escape_controls.ts";
import { CommandRefused, UsageError } from "./usage_error.ts";

/** The streams that {@link runCommand} writes to. */
interface Streams {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/**
 * Prints `usage` if the arguments ask for it, or else runs `action`. Resolves to the exit status: that of `action`, 0
 * after the usage, 1 after a {@link CommandRefused}, 2 after a {@link UsageError}. Other errors reject.
 */
export async function runCommand(
  args: readonly string[],
  { stdout, stderr }: Streams,
  { usage, action }: { readonly usage: string | (() => Promise<string>); readonly action: () => Promise<number> },
): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    stdout(typeof usage === "string" ? usage : await usage());
    return 0;
  }
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof CommandRefused)) throw error;
    stderr(`denoftpd: ${escapeControls(error.message)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}
