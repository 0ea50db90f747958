/**
 * A directory of one server as one of another.
 *
 * @module
 */

import { EXIT } from "../exit_status.ts";
import { copyFile } from "../job/copy.ts";
import type { Crew } from "../job/crew.ts";
import { makeDirectories } from "../job/directories.ts";
import { type Job, part } from "../job/job.ts";
import { joinRemote } from "../job/paths.ts";
import { settle } from "../job/settle.ts";
import { scanRemote } from "../job/tree.ts";
import { type Filters, pathFilter, reasonAgainst } from "./filters.ts";

/** Which directory, and where it is to be. */
export interface TreeCopy extends Filters {
  readonly source: string;
  /** Made if it is not there; the contents of the source become contents of it. */
  readonly target: string;
  /** As for one file. @default false */
  readonly isDirect?: boolean;
  /** Called when it is known how much there is. */
  readonly onPlan?: (files: number, bytes: number) => void;
}

/** Copies from the server of `job` to that of `to`, which must be another crew. What fails is an event. */
export async function copyTree(job: Job, to: Crew, copy: TreeCopy): Promise<void> {
  const { source, target, isDirect, onPlan } = copy;
  const { entries, problems } = await scanRemote(job.crew, source, { isWanted: await pathFilter(copy) });
  const there = { ...job, crew: to };
  if (target !== "") await makeDirectories(there, target);
  const all = [...entries.values()];
  const others = all.filter(({ kind }) => kind !== "directory");
  for (const { path } of all.filter(({ kind }) => kind === "directory")) {
    await part(there, path, () => makeDirectories(there, joinRemote(target, path)));
  }
  onPlan?.(others.length, others.reduce((sum, { size }) => sum + (size ?? 0), 0));
  await settle(others.map(async (entry) => {
    const reason = entry.kind === "file" ? reasonAgainst(entry, copy) : "a link, or no file";
    const path = joinRemote(source, entry.path);
    if (reason !== undefined) job.report.emit({ event: "skipped", path, reason });
    else await copyFile(job, to, { path, target: joinRemote(target, entry.path), size: entry.size, isDirect });
  }));
  for (const message of problems) job.report.emit({ event: "failed", path: source, message, status: EXIT.someFailed });
}
