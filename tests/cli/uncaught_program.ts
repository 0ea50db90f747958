/**
 * `serve` that fails once it is ready, in the middle of a turn in which it has much to log. The arguments are those of
 * `serve`. With `--log-file` the file is renamed in between, and SIGHUP has it opened again.
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
const logFile = Deno.args[Deno.args.indexOf("--log-file") + 1];

await runServe(Deno.args, {
  stdout: (text) => void Deno.stdout.writeSync(encoder.encode(text)),
  stderr: (text) => void Deno.stderr.writeSync(encoder.encode(text)),
  log: (bytes) => Deno.stderr.write(bytes),
}, {
  ownsProcess: true,
  onReady: ({ events }) => {
    const log = (from: number, to: number) => {
      for (let i = from; i < to; i++) {
        events.emit({ type: "notice", level: "info", message: `Line ${i}` });
        events.emit({ ...TRANSFER, path: `/file-${i}` });
      }
    };
    const fail = () => {
      log(2500, 5000);
      throw new Error("Out of the blue");
    };
    log(0, 2500);
    if (!Deno.args.includes("--log-file") || logFile === undefined) return queueMicrotask(fail);
    // The last listener: the server has heard the signal by then, and is about to open the file again.
    Deno.addSignalListener("SIGHUP", fail);
    Deno.renameSync(logFile, `${logFile}.1`);
    Deno.kill(Deno.pid, "SIGHUP");
  },
});
