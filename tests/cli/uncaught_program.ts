/**
 * `serve` that fails once it is ready, in the middle of a turn in which it has much to log. The arguments are those of
 * `serve`.
 *
 * @module
 */

import type { TransferEnded } from "../../lib/events.ts";
import { runServe } from "../../lib/cli/serve/serve.ts";

const TRANSFER: Omit<TransferEnded, "time"> = {
  ...{ type: "transfer", session: "1", address: "192.0.2.1", user: "ann", verb: "RETR", direction: "download" },
  ...{ path: "", offset: 0, bytes: 1, milliseconds: 1, ascii: false, complete: true, reason: "none" },
};

const encoder = new TextEncoder();

await runServe(Deno.args, {
  stdout: (text) => void Deno.stdout.writeSync(encoder.encode(text)),
  stderr: (text) => void Deno.stderr.writeSync(encoder.encode(text)),
  log: (bytes) => Deno.stderr.write(bytes),
}, {
  ownsProcess: true,
  onReady: ({ events }) => {
    for (let i = 0; i < 5000; i++) {
      events.emit({ type: "notice", level: "info", message: `Line ${i}` });
      events.emit({ ...TRANSFER, path: `/file-${i}` });
    }
    queueMicrotask(() => {
      throw new Error("Out of the blue");
    });
  },
});
