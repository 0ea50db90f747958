/**
 * From a command line to its reply: finds the row and checks what it asks for, always in the same order. Handlers check
 * none of this.
 *
 * @module
 */

import { type Answer, type Command, isAvailable } from "../commands/command.ts";
import type { CommandTable } from "../commands/command_table.ts";
import type { CommandContext } from "../commands/context.ts";
import { Refusal, replyForVfsError } from "../commands/failure_replies.ts";
import type { CommandLine } from "../protocol/command_line.ts";
import * as reply from "../protocol/reply.ts";
import { VfsError } from "../vfs/vfs.ts";

/**
 * Known (500), available (502), logged in (530), argument (501), access (550), then the handler. The last two checks
 * are made by the row, which parses the argument. Never throws and never rejects: what a handler throws becomes a reply
 * here.
 */
export function dispatch(context: CommandContext, table: CommandTable, line: CommandLine): Answer {
  const row = table.find(line.verb);
  forgetOneTimeState(context, row);
  if (!row) return table.foreign.includes(line.verb) ? reply.switchedOff(line.verb) : reply.unknownCommand(line.verb);
  if (!isAvailable(row, context)) return reply.switchedOff(row.verb);
  if (!row.open && !context.login.account) return reply.notLoggedIn;
  try {
    const answer = row.execute(context, line.argument);
    return answer instanceof Promise ? answer.catch((error) => replyForError(context, row, error)) : answer;
  } catch (error) {
    return replyForError(context, row, error);
  }
}

/** REST and RNFR apply to the very next command; those that may come in between say so in their row. */
function forgetOneTimeState(context: CommandContext, row: Command | undefined): void {
  if (row?.keeps !== "restart") context.parameters.next.clearRange();
  if (row?.keeps !== "rename") context.rename.from = undefined;
}

/**
 * Anything but a refusal or a {@link VfsError} is a bug in the server: the session goes on, and the log has the error.
 */
function replyForError(context: CommandContext, row: Command, error: unknown): reply.Reply {
  if (error instanceof Refusal) return error.reply;
  if (error instanceof VfsError) {
    if (error.hint !== undefined) {
      context.emit({
        type: "problem",
        level: "warning",
        message: `${row.verb} failed: ${error.hint}: ${error.message}`,
      });
    } else if (error.cause !== undefined) {
      context.emit({ type: "notice", level: "debug", message: `${row.verb} failed: ${error.message}`, error });
    }
    return replyForVfsError(error, { createsName: row.createsName === true });
  }
  context.emit({ type: "problem", level: "error", message: `${row.verb} failed`, error });
  return reply.localError("Local error in processing");
}
