/**
 * What a run found out: samples, and the few numbers that say enough of them.
 *
 * @module
 */

import type { RowInfo } from "./trials.ts";

/** One row of the report. */
export interface Row extends RowInfo {
  readonly id: string;
  /** Values in the order of the rounds, by server; `limit` is the machine's own. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
  /** Processor seconds of the server's process tree for the whole trial, in the order of the rounds, by server. */
  readonly cpu: Readonly<Record<string, readonly number[]>>;
}

/** A whole run, as it goes to the JSON file. */
export interface Results {
  readonly date: string;
  readonly quick: boolean;
  readonly machine: string;
  readonly servers: readonly string[];
  /** What is not in it, and why. */
  readonly notes: readonly string[];
  readonly rows: readonly Row[];
}

/** Name of the pseudo-server that stands for the machine. */
export const LIMIT = "limit";

/** The middle one; of an even number, the mean of the two in the middle. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? NaN) + upper) / 2;
}

/** Half the distance between least and most, as a share of the median. */
export function spread(samples: readonly number[]): number {
  return (Math.max(...samples) - Math.min(...samples)) / 2 / median(samples);
}

/** How a row stands: our median against that of the best peer. */
export interface Standing {
  readonly best: string;
  /** More than 1 is in favour of `ours`, whichever way the row counts. */
  readonly ratio: number;
}

/** Compares `server` with the best that is none of `noPeers`; `undefined` when there is nothing to compare. */
export function standing(row: Row, server: string, noPeers: readonly string[]): Standing | undefined {
  const peers = Object.entries(row.samples).filter(([name]) => !noPeers.includes(name) && name !== LIMIT);
  const sign = row.better === "higher" ? 1 : -1;
  const ranked = peers
    .map(([name, samples]) => ({ name, value: median(samples) }))
    .toSorted((one, other) => sign * (other.value - one.value));
  const [best] = ranked;
  const ratio = best && ratioOf(row, server, best.name);
  return best && ratio !== undefined ? { best: best.name, ratio } : undefined;
}

/** How many times as good `server` is as `other`, whichever way the row counts; `undefined` if one was not measured. */
export function ratioOf({ samples, better }: Row, server: string, other: string): number | undefined {
  const [own, others] = [samples[server], samples[other]];
  if (!own || !others) return undefined;
  return better === "higher" ? median(own) / median(others) : median(others) / median(own);
}

/** Three significant digits, and thousands as they are. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const magnitude = Math.abs(value);
  if (magnitude >= 100) return value.toFixed(0);
  return value.toFixed(magnitude >= 10 ? 1 : 2);
}
