/**
 * The life of a data thread.
 *
 * @module
 */

import { DataServer } from "./server.ts";
import type { ToDataThread } from "./messages.ts";
import { EventLoop } from "../event_loop.ts";
import { LocalEngine } from "../local_engine.ts";
import { openNativeIo } from "../../native/native_io.ts";
import { DATA_THREAD, PERMITTED_DATA_THREAD, type WorkerScope } from "../../threads/scope.ts";

/**
 * How much lower the priority of data threads is than that of the process. Commands compete for a processor with
 * threads that are always busy; with this they come first. Measured on two processors next to four downloads, p99 of a
 * NOOP in ms: 1.3 without, 0.7 to 0.8 with 5, 0.4 to 0.6 with 10 and with 19; the downloads are equally fast with each.
 */
const NICENESS = 10;
/** There is no lower priority. */
const MOST_NICE = 19;

/** Serves the thread that has started this one. */
export async function serveData(scope: WorkerScope): Promise<void> {
  await giveWay();
  const loop = new EventLoop();
  loop.pacer.serveOthers();
  const native = scope.name === DATA_THREAD ? undefined : openNativeIo();
  // Nobody else can give it up.
  if (scope.name === PERMITTED_DATA_THREAD) Deno.permissions.revokeSync({ name: "ffi" });
  const server = new DataServer((message) => scope.postMessage(message), {
    loop,
    engine: native?.dataEngine ?? new LocalEngine(),
  });
  scope.addEventListener("message", ({ data }: MessageEvent<ToDataThread>) => server.receive(data));
  server.greet();
}

/** Only if permitted. On Linux alone, 0 means this thread and not the whole process. */
async function giveWay(): Promise<void> {
  if (Deno.build.os !== "linux") return;
  for (const kind of ["getPriority", "setPriority"]) {
    // The cast is for kinds that the runtime's types omit.
    const permission = { name: "sys", kind } as Deno.PermissionDescriptor;
    if (Deno.permissions.querySync(permission).state !== "granted") return;
  }
  const { getPriority, setPriority } = await import("node:os");
  try {
    setPriority(0, Math.min(MOST_NICE, getPriority(0) + NICENESS));
  } catch {
    // A sandbox may forbid the call (SystemCallFilter of systemd); the thread works without it.
  }
}
