/**
 * `denoftpd audit verify FILE`.
 *
 * @module
 */

import { verifyAudit } from "../../admin/audit.ts";
import { counted } from "../../net/counted.ts";
import { messageOf } from "../../net/message_of.ts";
import { runCommand } from "../command.ts";
import { readFlags } from "../flags.ts";
import type { CommandIo } from "../io.ts";
import { UsageError } from "../usage_error.ts";

/** Exit status of a chain that is broken. */
const BROKEN = 33;

/** The output of `denoftpd audit --help`. */
export const AUDIT_USAGE = `Usage: denoftpd audit verify FILE…

Checks the audit that "serve --admin" writes: that no line was changed, and none taken out. That lines were cut off at
the end, only the log can tell: it has the number and the hash of each line. Of an audit that was rotated name all
files, the oldest first: audit.jsonl.2 audit.jsonl.1 audit.jsonl. Status 33 for a broken one.
`;

/** Runs `denoftpd audit` and resolves to its exit status: 0 unbroken, 2 wrong use or no such file, 33 broken. */
export async function runAudit(args: readonly string[], io: CommandIo): Promise<number> {
  return await runCommand(args.length === 0 ? ["--help"] : args, io, {
    usage: AUDIT_USAGE,
    action: async () => {
      const [action, ...files] = readFlags(args, { command: "audit", flags: [], most: 1_000 }).rest;
      if (action !== "verify") throw new UsageError(`Action must be verify, not "${action}"`);
      if (files.length === 0) throw new UsageError('Action "verify" needs a file');
      const verdict = await verdictOn(files);
      if (!verdict.ok) {
        io.stderr(`denoftpd: The audit "${verdict.file}" is broken at line ${verdict.line}: ${verdict.problem}\n`);
        return BROKEN;
      }
      io.stdout(`${counted(verdict.lines, "line")}, unbroken; the last hash is ${verdict.hash}\n`);
      return 0;
    },
  });
}

async function verdictOn(files: readonly string[]): ReturnType<typeof verifyAudit> {
  try {
    return await verifyAudit(...files);
  } catch (error) {
    throw new UsageError(`Cannot read the audit: ${messageOf(error)}`);
  }
}
