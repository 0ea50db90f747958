/**
 * Files that move from one server to another through the client.
 *
 * @module
 */

import { present } from "../../net/present.ts";
import type { Crew } from "./crew.ts";
import { type Job, part } from "./job.ts";
import { relay, type RelayOptions } from "./relay.ts";

/** A file to copy. */
export interface Copy {
  readonly path: string;
  /** On the other server. */
  readonly target: string;
  /** From a listing. */
  readonly size?: number | undefined;
}

/**
 * Copies a file from the server of `job` to that of `to`, which must be another crew: one of its sessions waits for one
 * of the other. Resolves to whether it was done.
 */
export async function copyFile(job: Job, to: Crew, { path, target, size }: Copy): Promise<boolean> {
  const { crew, report, limiter } = job;
  return await part(job, path, async () => {
    const bytes = await crew.run((from) =>
      to.run(async (client) => {
        report.emit({ event: "start", action: "copy", path, size });
        const onProgress = (bytes: number) => report.emit({ event: "progress", path, bytes });
        const options = present<RelayOptions>({ limiter, size, signal: crew.signal, onProgress });
        return await relay({ client: from, path }, { client, path: target }, options);
      }, { size: size ?? 0 }), { size: size ?? 0 });
    report.emit({ event: "transferred", action: "copy", path, target, bytes });
  });
}
