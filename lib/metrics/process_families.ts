/**
 * The families that every program has, under the names of Prometheus's client libraries.
 *
 * @module
 */

import process from "node:process";
import type { Family } from "./exposition.ts";
import { counter, gauge } from "./server_families.ts";

/** The facts of this process, as they are now. */
export function processFamilies(version: string): Family[] {
  const { user, system } = process.cpuUsage();
  return [
    {
      ...counter("process_cpu_seconds", "Processor time in user and system mode.", [{ value: (user + system) / 1e6 }]),
      unit: "seconds",
    },
    {
      ...gauge("process_resident_memory_bytes", "Resident memory.", [{ value: Deno.memoryUsage().rss }]),
      unit: "bytes",
    },
    {
      ...gauge("process_start_time_seconds", "Start of the process, in seconds since 1970.", [
        { value: performance.timeOrigin / 1000 },
      ]),
      unit: "seconds",
    },
    ...descriptorFamilies(),
    gauge("denoftpd_build_info", "Always 1.", [{
      labels: { version, runtime: `deno ${Deno.version.deno}` },
      value: 1,
    }]),
  ];
}

/** The runtime lets only a process with all permissions look below /proc. */
function descriptorFamilies(): Family[] {
  const path = "/proc/self/fd";
  try {
    if (Deno.build.os !== "linux" || Deno.permissions.querySync({ name: "read", path }).state !== "granted") return [];
    const open = Array.from(Deno.readDirSync(path)).length;
    return [gauge("process_open_fds", "Open file descriptors.", [{ value: open }])];
  } catch {
    return [];
  }
}
