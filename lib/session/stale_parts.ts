/**
 * What the log tells of uploads that were killed.
 *
 * @module
 */

import { counted } from "../net/counted.ts";
import type { EventStream } from "../events.ts";
import type { OpenFileSystem } from "../options.ts";
import { reportingStaleParts } from "../vfs/stale_parts.ts";

/** `open`, with an event for each part of an upload that is removed because its process has gone. */
export function reportStaleParts(open: OpenFileSystem, events: EventStream): OpenFileSystem {
  return async (account) =>
    reportingStaleParts(await open(account), (path, { size }) => {
      const message = `Removed what was left of an upload that was killed: "${path}", ${counted(size, "byte")}`;
      events.emit({ type: "notice", level: "info", message });
    });
}
