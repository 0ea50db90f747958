/**
 * The log of `serve`: on standard error, or in a file of its own.
 *
 * @module
 */

import { counted } from "../../net/counted.ts";
import { EventStream } from "../../events.ts";
import { LineQueue } from "../../log/line_queue.ts";
import { type EventLog, startLog } from "../../log/log.ts";
import { type CommandIo, writerOf } from "../io.ts";
import type { Settings } from "../settings/table.ts";
import { LineFile } from "./line_file.ts";
import type { Identity } from "./privileges.ts";
import { tell } from "./sources.ts";

/** The log, and what it waits for at its end. Disposing it waits for the last line. */
export interface ServerLog extends AsyncDisposable {
  /** For events before and besides those of the server, which are logged as they are. */
  readonly events: EventStream;
  /** To be given the events of the server. */
  readonly log: EventLog;
  /** The lines on their way. */
  readonly lines: LineQueue;
  /** See {@link LineFile.reopen}; without a file it does nothing. */
  reopen(): Promise<void>;
}

/**
 * Opens the log that the settings ask for.
 *
 * @param options `owner`: as in {@link LineFile}.
 * @throws {UsageError} if its file cannot be opened.
 */
export async function openServerLog(
  { logFile, logLevel: level, logFormat: format }: Settings,
  io: CommandIo,
  { owner }: { readonly owner: Identity | undefined },
): Promise<ServerLog> {
  const events = new EventStream();
  // An error, so that it is logged at every level.
  const onLost = (count: number) =>
    tell(events, "error", `Lost ${counted(count, "line")} of the log: it was not read, or could not be written`);
  const file = logFile === undefined ? undefined : await LineFile.open(logFile, { what: "log", owner, onLost });
  const lines = file?.lines ?? new LineQueue(io.log ?? writerOf(io.stderr), { onLost });
  const log = startLog({ level, format, write: (line) => lines.write(line) });
  const listening = events.on(log.listener, log.types);
  return {
    events,
    log,
    lines,
    reopen: async () => await file?.reopen(),
    [Symbol.asyncDispose]: async () => {
      // Before it stops listening: what was lost is told when the last line is written.
      await lines.settle();
      listening[Symbol.dispose]();
      await file?.[Symbol.asyncDispose]();
    },
  };
}
