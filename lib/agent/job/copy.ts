/**
 * Files that move from one server to another through the client.
 *
 * @module
 */

import type { Client } from "../../client/client.ts";
import { present } from "../../net/present.ts";
import type { Crew } from "./crew.ts";
import { copyDirectly, hiddenCopy } from "./direct.ts";
import { type Job, part } from "./job.ts";
import { relay, type RelayOptions } from "./relay.ts";

/** A file to copy. */
export interface Copy {
  readonly path: string;
  /** On the other server. */
  readonly target: string;
  /** From a listing. */
  readonly size?: number | undefined;
  /** Over a data connection between the two servers, instead of through this host. @default false */
  readonly isDirect?: boolean | undefined;
}

/**
 * Copies a file from the server of `job` to that of `to`, which must be another crew: one of its sessions waits for one
 * of the other. Resolves to whether it was done.
 */
export async function copyFile(job: Job, to: Crew, { path, target, size, isDirect }: Copy): Promise<boolean> {
  const { crew, report, limiter } = job;
  const move = async (from: Client, client: Client): Promise<number> => {
    report.emit({ event: "start", action: "copy", path, size });
    if (isDirect) return await copyDirectly({ client: from, path }, { client, path: target }, crew.signal);
    const onProgress = (bytes: number) => report.emit({ event: "progress", path, bytes });
    const options = present<RelayOptions>({ limiter, size, signal: crew.signal, onProgress });
    return await relay({ client: from, path }, { client, path: target }, options);
  };
  return await part(job, path, async () => {
    const work = { size: size ?? 0 };
    try {
      const bytes = await crew.run((from) => to.run((client) => move(from, client), work), work);
      report.emit({ event: "transferred", action: "copy", path, target, bytes });
    } catch (error) {
      // What is left of it is of no use; that there was nothing is no failure.
      if (isDirect && !to.isOver) await to.run((client) => client.remove(hiddenCopy(target))).catch(() => {});
      throw error;
    }
  });
}
