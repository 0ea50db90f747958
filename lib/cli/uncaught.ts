/**
 * The end of a process by an uncaught error.
 *
 * @module
 */

import type { LineQueue } from "../log/line_queue.ts";

/**
 * Until it is disposed, an uncaught error ends the process with status 1, as the runtime would, but only after the
 * queued lines and those about the error are written: they show what led to it.
 */
export function endingOnUncaught(lines: LineQueue): Disposable {
  const end = (event: ErrorEvent | PromiseRejectionEvent): void => {
    event.preventDefault();
    const error: unknown = "reason" in event ? event.reason : event.error;
    lines.write(`error: Uncaught ${Deno.inspect(error, { colors: false })}\n`);
    void lines.settle().then(() => Deno.exit(1));
  };
  globalThis.addEventListener("error", end);
  globalThis.addEventListener("unhandledrejection", end);
  return {
    [Symbol.dispose]() {
      globalThis.removeEventListener("error", end);
      globalThis.removeEventListener("unhandledrejection", end);
    },
  };
}
