/**
 * `serve` that fails once it is ready, in the middle of a turn in which it has much to log. The arguments are those of
 * `serve`.
 *
 * @module
 */

import { runServe } from "../../lib/cli/serve/serve.ts";

const encoder = new TextEncoder();

await runServe(Deno.args, {
  stdout: (text) => void Deno.stdout.writeSync(encoder.encode(text)),
  stderr: (text) => void Deno.stderr.writeSync(encoder.encode(text)),
  log: (bytes) => Deno.stderr.write(bytes),
}, {
  ownsProcess: true,
  onReady: ({ events }) => {
    for (let i = 0; i < 5000; i++) events.emit({ type: "notice", level: "info", message: `Line ${i}` });
    queueMicrotask(() => {
      throw new Error("Out of the blue");
    });
  },
});
