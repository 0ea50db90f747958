/**
 * The end of a process by an error that nobody has caught.
 *
 * @module
 */

import type { LineQueue } from "../log/line_queue.ts";

/**
 * Until it is disposed of, an uncaught error ends the process with status 1, as the runtime would do, but not before the lines in the
 * queue and those about the error are written: what led to it is among them.
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
