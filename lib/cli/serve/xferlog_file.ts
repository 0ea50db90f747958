/**
 * The xferlog file: a line appended for every transferred file.
 *
 * @module
 */

import type { EventListener } from "../../events.ts";
import { formatXferlog } from "../../log/xferlog.ts";
import { UsageError } from "../usage_error.ts";

/** Lines are written in the order of the events; disposing waits for the last one. */
export interface XferlogFile extends AsyncDisposable {
  readonly listener: EventListener;
}

/** Opens `path` for appending. @throws {UsageError} if that fails. */
export async function openXferlog(path: string): Promise<XferlogFile> {
  let file: Deno.FsFile;
  try {
    file = await Deno.open(path, { append: true, create: true });
  } catch (error) {
    throw new UsageError(`Cannot open xferlog "${path}": ${error instanceof Error ? error.message : error}`);
  }
  const encoder = new TextEncoder();
  let tail: Promise<unknown> = Promise.resolve();
  return {
    listener: (event) => {
      const line = event.type === "transfer" ? formatXferlog(event, Date.now()) : undefined;
      // A full disk must not stop the server; the transfer itself is in the log.
      if (line !== undefined) tail = tail.then(() => file.write(encoder.encode(`${line}\n`))).catch(() => {});
    },
    [Symbol.asyncDispose]: async () => {
      await tail;
      file.close();
    },
  };
}
