/**
 * What a mirror has to do, decided before any of it is done.
 *
 * @module
 */

import type { Tree, TreeEntry } from "../job/tree.ts";
import { type Filters, hidesNames, reasonAgainst } from "./filters.ts";

/** How the plan is made. */
export interface PlanOptions extends Filters {
  /** Every file is transferred, whatever is in its place. @default false */
  readonly always?: boolean | undefined;
  /** Files of equal size are compared by a digest instead of their times. @default false */
  readonly byDigest?: boolean | undefined;
  /** What the source does not have is removed. @default false */
  readonly delete?: boolean | undefined;
}

/** One step for one path, and why. */
export interface Step {
  /**
   * - `compare`: only a digest tells whether it has to be transferred.
   * - `fail`: it cannot be done.
   */
  readonly kind: "mkdir" | "transfer" | "compare" | "skip" | "delete" | "rmdir" | "fail";
  readonly path: string;
  readonly reason: string;
  /** As the source has it; of what is removed, as the target has it. */
  readonly entry: TreeEntry;
}

/** Milliseconds by which file systems round times. */
const LEAST_PRECISION = 1_000;

/**
 * Plans what makes `target` like `source`. Nothing is removed unless the source was seen whole. Directories come before
 * what they have, and are removed after it.
 */
export function makePlan(source: Tree, target: Tree, options: PlanOptions): Step[] {
  const steps: Step[] = [];
  const blocked: string[] = [];
  for (const entry of source.entries.values()) {
    const { path } = entry;
    if (blocked.some((above) => path.startsWith(above))) continue;
    const there = target.entries.get(path);
    const step = entry.kind === "directory" ? planDirectory(entry, there) : planFile(entry, there, options);
    if (step?.kind === "fail" && entry.kind === "directory") blocked.push(`${path}/`);
    if (step) steps.push(step);
  }
  return options.delete && source.problems.length === 0 ? [...steps, ...removals(source, target, options)] : steps;
}

function planDirectory(entry: TreeEntry, there: TreeEntry | undefined): Step | undefined {
  const { path } = entry;
  if (!there) return { kind: "mkdir", path, reason: "not there", entry };
  return there.kind === "directory" ? undefined : { kind: "fail", path, reason: inTheWay(there), entry };
}

function planFile(entry: TreeEntry, there: TreeEntry | undefined, options: PlanOptions): Step {
  const { path } = entry;
  const step = (kind: Step["kind"], reason: string): Step => ({ kind, path, reason, entry });
  if (entry.kind !== "file") return step("skip", entry.kind === "link" ? "a link" : "neither a file nor a directory");
  const unwanted = reasonAgainst(entry, options);
  if (unwanted !== undefined) return step("skip", unwanted);
  if (!there) return step("transfer", "not there");
  if (there.kind !== "file") return step("fail", inTheWay(there));
  if (options.always) return step("transfer", "replaces what is there");
  if (entry.size !== undefined && there.size !== undefined && entry.size !== there.size) {
    return step("transfer", `size differs: ${entry.size}, there ${there.size}`);
  }
  if (options.byDigest) return step("compare", "same size");
  return isNewer(entry, there) ? step("transfer", "newer") : step("skip", "same size, not newer");
}

/** A link in the place of a target could lead anywhere, so nothing is written through it. */
function inTheWay({ kind }: TreeEntry): string {
  return kind === "other" ? "something that is no file is in its place" : `a ${kind} is in its place`;
}

function isNewer(entry: TreeEntry, there: TreeEntry): boolean {
  if (entry.modified === undefined || there.modified === undefined) return false;
  return entry.modified > there.modified + Math.max(LEAST_PRECISION, entry.precision, there.precision);
}

function removals(source: Tree, target: Tree, options: PlanOptions): Step[] {
  const gone = [...target.entries.values()].filter(({ path }) => !source.entries.has(path));
  const reason = "the source does not have it";
  const step = (kind: Step["kind"], entry: TreeEntry): Step => ({ kind, path: entry.path, reason, entry });
  const files = gone.filter(({ kind }) => kind !== "directory").map((entry) => step("delete", entry));
  // Filters hide what a directory may still have, and it is not theirs to remove.
  if (hidesNames(options)) return files;
  const directories = gone.filter(({ kind }) => kind === "directory").map((entry) => step("rmdir", entry));
  return [...files, ...directories.toReversed()];
}
