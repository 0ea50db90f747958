/**
 * A data thread that dies when it is asked to connect.
 *
 * @module
 */

import { EventLoop } from "../../../lib/data/event_loop.ts";
import { LocalEngine } from "../../../lib/data/local_engine.ts";
import { DataServer } from "../../../lib/data/thread/server.ts";
import type { ToDataThread } from "../../../lib/data/thread/messages.ts";
import { workerScope } from "../../../lib/threads/scope.ts";

const scope = workerScope();
if (scope) {
  const server = new DataServer((message) => scope.postMessage(message), {
    loop: new EventLoop(),
    engine: new LocalEngine(),
  });
  scope.addEventListener("message", ({ data }: MessageEvent<ToDataThread>) => {
    if (data.type === "connect") throw new Error("Asked to die");
    server.receive(data);
  });
  server.greet();
}
