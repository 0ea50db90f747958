/**
 * The flags and the help of `denoftpd ftp`.
 *
 * @module
 */

import { exitLines } from "../agent/help.ts";
import { CONNECTION_FLAGS } from "../agent/flags.ts";
import { type Flag, flagLines, type GivenFlags, readFlags } from "../flags.ts";

/** Those of client commands that print one result. */
const NOT_HERE: ReadonlySet<string> = new Set(["json", "quiet", "retry", "no-pipelining"]);

/** The flags of `denoftpd ftp`. */
export const FTP_FLAGS: readonly Flag[] = CONNECTION_FLAGS.filter(({ name }) => !NOT_HERE.has(name));

/** The flags of one run. */
export type FtpFlags = GivenFlags<Flag>;

/** @throws {UsageError} */
export function readFtpFlags(args: readonly string[]): FtpFlags {
  return readFlags<Flag>(args, { command: "ftp", flags: FTP_FLAGS, most: 1 });
}

/** The output of `denoftpd ftp --help`. */
export const FTP_USAGE = `denoftpd ftp: the interactive user agent

Usage: denoftpd ftp [URL|BOOKMARK|HOST] [flags]

Connects, asks for the name and the password where nothing gives them, and reads commands: "help" lists them,
Tab completes commands and names, Ctrl-C stops a transfer, "bye" leaves.

Commands may also come from standard input. Then nothing is asked, and the first command that fails ends the script
with its exit status; a line that begins with - may fail.

Examples:
  # look around, TLS is used where the server offers it
  denoftpd ftp ftp://alice@ftp.example.org/pub
  # a script
  printf 'cd in\\nmput *.csv\\n' | DENOFTPD_PASSWORD=… denoftpd ftp ftpes://alice@ftp.example.org

Flags:
${flagLines(FTP_FLAGS)}
Exit status:
${exitLines()}`;
