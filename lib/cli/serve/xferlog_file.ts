/**
 * The xferlog file: a line appended for every transferred file.
 *
 * @module
 */

import type { EventListener } from "../../events.ts";
import type { LineQueue } from "../../log/line_queue.ts";
import { formatXferlog } from "../../log/xferlog.ts";
import { LineFile, type LineFileOptions } from "./line_file.ts";

/** Lines are written in the order of the events; disposing waits for the last one. */
export interface XferlogFile extends AsyncDisposable {
  readonly listener: EventListener;
  /** The lines on their way. */
  readonly lines: LineQueue;
  /** See {@link LineFile.reopen}. */
  reopen(): Promise<void>;
}

/**
 * Opens `path` for appending. A file that cannot take a line, or a full disk, does not stop the server: the transfers
 * are in the log as well.
 *
 * @throws {UsageError} if opening fails.
 */
export async function openXferlog(path: string, options: Omit<LineFileOptions, "what">): Promise<XferlogFile> {
  const file = await LineFile.open(path, { ...options, what: "xferlog" });
  return {
    listener: (event) => {
      const line = event.type === "transfer" ? formatXferlog(event) : undefined;
      if (line !== undefined) file.lines.write(`${line}\n`);
    },
    lines: file.lines,
    reopen: () => file.reopen(),
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}
