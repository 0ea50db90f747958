/**
 * The xferlog file: a line appended for every transferred file.
 *
 * @module
 */

import { messageOf } from "../../net/message_of.ts";
import type { EventListener } from "../../events.ts";
import { LineQueue } from "../../log/line_queue.ts";
import { formatXferlog } from "../../log/xferlog.ts";
import { UsageError } from "../usage_error.ts";

/** Lines are written in the order of the events; disposing waits for the last one. */
export interface XferlogFile extends AsyncDisposable {
  readonly listener: EventListener;
}

/**
 * Opens `path` for appending. A file that cannot take a line, or a full disk, does not stop the server: the transfers
 * are in the log as well.
 *
 * @param onLost is called with the number of lines that could not be written, once a line can be written again.
 * @throws {UsageError} if opening fails.
 */
export async function openXferlog(path: string, onLost: (lines: number) => void): Promise<XferlogFile> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { append: true, create: true });
  } catch (error) {
    throw new UsageError(`Cannot open xferlog "${path}": ${messageOf(error)}`);
  }
  const lines = new LineQueue((bytes) => file.write(bytes), { onLost });
  return {
    listener: (event) => {
      const line = event.type === "transfer" ? formatXferlog(event) : undefined;
      if (line !== undefined) lines.write(`${line}\n`);
    },
    [Symbol.asyncDispose]: async () => {
      await lines.settle();
      file.close();
    },
  };
}
