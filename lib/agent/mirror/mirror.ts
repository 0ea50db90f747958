/**
 * Makes a directory like another one on the other side.
 *
 * @module
 */

import { join } from "@std/path";
import { messageOf } from "../../net/message_of.ts";
import { AgentError } from "../errors.ts";
import { EXIT } from "../exit_status.ts";
import { haveSameDigest } from "../job/digests.ts";
import { makeDirectories, makeDirectory, removeDirectories, removeFiles } from "../job/directories.ts";
import { getFile, isMissing, type Job, part, putFile, retriesOf } from "../job/job.ts";
import { joinRemote } from "../job/paths.ts";
import { settle } from "../job/settle.ts";
import { scanLocal, scanRemote, type Tree, type TreeEntry } from "../job/tree.ts";
import { pathFilter } from "./filters.ts";
import { makePlan, type PlanOptions, type Step } from "./plan.ts";

/** What is mirrored, and how. */
export interface MirrorOptions extends PlanOptions {
  readonly direction: "down" | "up";
  readonly remote: string;
  readonly local: string;
  /** More removals than this, and nothing is begun. Default: no limit. */
  readonly maxDelete?: number | undefined;
  /** Only says what would be done. @default false */
  readonly dryRun?: boolean | undefined;
  /** Called when it is known how much there is to transfer. */
  readonly onPlan?: (files: number, bytes: number) => void;
}

const EMPTY: Tree = { entries: new Map(), problems: [] };

/**
 * The contents of the source become those of the target. What fails is reported as an event, and the rest goes on.
 *
 * @throws {AgentError} `tooMuch` before anything is done; and failures that end the job, such as a source that is not
 * there.
 */
export async function mirror(job: Job, options: MirrorOptions): Promise<void> {
  const { report } = job;
  const { source, target, isThere } = await scanBoth(job, options);
  for (const message of source.problems) {
    report.emit({ event: "failed", path: rootOf(options, "source"), message, status: EXIT.someFailed });
  }
  if (options.delete && source.problems.length > 0) {
    const message = "Nothing is removed: the source could not be listed whole";
    report.emit({ event: "note", path: rootOf(options, "source"), message });
  }
  const steps = makePlan(source, target, options);
  const removals = steps.filter(({ kind }) => kind === "delete" || kind === "rmdir").length;
  if (options.maxDelete !== undefined && removals > options.maxDelete) {
    throw new AgentError(
      "tooMuch",
      `${removals} files and directories would be removed, --max-delete allows ` +
        `${options.maxDelete}: nothing was done`,
    );
  }
  if (options.dryRun) return announce(job, steps, options);
  const files = steps.filter(({ kind }) => kind === "transfer");
  options.onPlan?.(files.length, files.reduce((sum, { entry }) => sum + (entry.size ?? 0), 0));
  await new Mirror(job, options).perform(steps, isThere);
}

async function scanBoth(job: Job, options: MirrorOptions): Promise<{ source: Tree; target: Tree; isThere: boolean }> {
  const { crew } = job;
  const isWanted = await pathFilter(options);
  const isDown = options.direction === "down";
  const remote = scanRemote(crew, options.remote, { isWanted, isForHere: isDown });
  const local = scanLocal(options.local, { isWanted });
  const [source, target] = isDown ? [remote, local] : [local, remote];
  // Both are awaited, whatever the first does.
  const [from, to] = await Promise.allSettled([source, target]);
  if (from.status === "rejected") throw isDown ? from.reason : unreadable(options.local, from.reason);
  if (to.status === "fulfilled") return { source: from.value, target: to.value, isThere: true };
  const isNew = isDown ? to.reason instanceof Deno.errors.NotFound : isMissing(to.reason);
  if (!isNew) throw isDown ? unreadable(options.local, to.reason) : to.reason;
  return { source: from.value, target: EMPTY, isThere: false };
}

function unreadable(path: string, error: unknown): AgentError {
  return new AgentError("wrongUse", `Directory "${path}" cannot be read: ${messageOf(error)}`, { cause: error });
}

function rootOf({ direction, remote, local }: MirrorOptions, end: "source" | "target"): string {
  return (direction === "down") === (end === "source") ? remote : local;
}

function announce({ report }: Job, steps: readonly Step[], { direction }: MirrorOptions): void {
  const transfer = direction === "down" ? "get" : "put";
  for (const { kind, path, reason } of steps) {
    if (kind === "skip") report.emit({ event: "skipped", path, reason });
    else if (kind === "fail") report.emit({ event: "failed", path, message: reason, status: EXIT.someFailed });
    else if (kind === "mkdir") report.emit({ event: "would", action: "mkdir", path, reason });
    else if (kind === "delete" || kind === "rmdir") report.emit({ event: "would", action: "delete", path, reason });
    else {report.emit({
        event: "would",
        action: transfer,
        path,
        reason: kind === "compare" ? `${reason}, if the digest differs` : reason,
      });}
  }
}

/** One run of a plan. */
class Mirror {
  readonly #job: Job;
  readonly #options: MirrorOptions;

  constructor(job: Job, options: MirrorOptions) {
    this.#job = job;
    this.#options = options;
  }

  async perform(steps: readonly Step[], isThere: boolean): Promise<void> {
    const { report } = this.#job;
    if (!isThere) await this.#makeRoot();
    const levels = Map.groupBy(of(steps, "mkdir"), ({ path }) => path.split("/").length);
    for (const depth of [...levels.keys()].toSorted((a, b) => a - b)) {
      await settle((levels.get(depth) ?? []).map(({ path }) => this.#makeDirectory(path)));
    }
    for (const { path, reason } of of(steps, "skip")) report.emit({ event: "skipped", path, reason });
    for (const { path, reason } of of(steps, "fail")) {
      report.emit({ event: "failed", path, message: reason, status: EXIT.someFailed });
    }
    await settle([
      ...of(steps, "transfer").map(({ entry }) => this.#transfer(entry)),
      ...of(steps, "compare").map((step) => this.#compare(step)),
    ]);
    await this.#remove(of(steps, "delete"), of(steps, "rmdir"));
  }

  get #isDown(): boolean {
    return this.#options.direction === "down";
  }

  #local(path: string): string {
    return join(this.#options.local, path);
  }

  #remote(path: string): string {
    return joinRemote(this.#options.remote, path);
  }

  async #makeRoot(): Promise<void> {
    if (!this.#isDown) return await makeDirectories(this.#job, this.#options.remote);
    await this.#locally(this.#options.local, () => Deno.mkdir(this.#options.local, { recursive: true }));
  }

  async #makeDirectory(path: string): Promise<void> {
    if (!this.#isDown) {
      const remote = this.#remote(path);
      await part(this.#job, remote, () => makeDirectory(this.#job, remote));
      return;
    }
    await part(this.#job, path, () => this.#locally(path, () => Deno.mkdir(this.#local(path))));
    this.#job.report.emit({ event: "done", action: "mkdir", path: this.#local(path) });
  }

  async #transfer({ path, size, modified }: TreeEntry): Promise<void> {
    const [local, remote] = [this.#local(path), this.#remote(path)];
    if (this.#isDown) await getFile(this.#job, { path: remote, target: local, size, modified });
    else await putFile(this.#job, { source: local, path: remote, size, modified });
  }

  async #compare({ path, entry }: Step): Promise<void> {
    const [local, remote] = [this.#local(path), this.#remote(path)];
    const { crew, report } = this.#job;
    let isSame: boolean | undefined;
    const isKnown = await part(this.#job, remote, async () => {
      isSame = await crew.run((client) => haveSameDigest(client, remote, local), retriesOf(this.#job, remote));
    });
    if (!isKnown) return;
    if (isSame) report.emit({ event: "skipped", path, reason: "same digest" });
    else if (isSame === false) await this.#transfer(entry);
    else report.emit({ event: "skipped", path, reason: "same size; the server makes no digest" });
  }

  async #remove(files: readonly Step[], directories: readonly Step[]): Promise<void> {
    const paths = (steps: readonly Step[]) => steps.map(({ path }) => path);
    if (!this.#isDown) {
      await removeFiles(this.#job, paths(files).map((path) => this.#remote(path)));
      await removeDirectories(this.#job, paths(directories).map((path) => this.#remote(path)));
      return;
    }
    for (const path of [...paths(files), ...paths(directories)]) {
      await part(this.#job, path, async () => {
        await this.#locally(path, () => Deno.remove(this.#local(path)));
        this.#job.report.emit({ event: "done", action: "delete", path: this.#local(path) });
      });
    }
  }

  async #locally(path: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw new AgentError("incomplete", `"${path}": ${messageOf(error)}`, { cause: error });
    }
  }
}

function of(steps: readonly Step[], kind: Step["kind"]): Step[] {
  return steps.filter((step) => step.kind === kind);
}
