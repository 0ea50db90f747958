/**
 * The work whose price is told, in a table of `deno task bench` that compares our server with itself.
 *
 * @module
 */

import type { Report } from "../client.ts";
import type { Scene } from "../trials.ts";

/** The work of one trial, and how it is counted. */
export interface Work {
  readonly title: string;
  /** What processor time is told for. */
  readonly unit: string;
  /** Microseconds, or milliseconds where a unit takes long. */
  readonly factor: number;
  readonly mode: string;
  readonly arguments: (scene: Scene) => readonly (string | number)[];
  /** Units that were done. */
  readonly count: (report: Report, scene: Scene) => number;
  /** The other number of the row, as the client saw it. */
  readonly seen: Seen;
}

/** What a client sees. */
interface Seen {
  readonly title: string;
  readonly better: "higher" | "lower";
  readonly value: (report: Report) => number;
}

const GIB = 2 ** 30;
const MICRO = 1e6;
const MILLI = 1e3;

const counted = ({ count = NaN }: Report): number => count;
const perSecond: Seen = {
  title: "a second",
  better: "higher",
  value: ({ count = NaN, seconds = NaN }) => count / seconds,
};
const gigabytes: Seen = {
  title: "GB/s",
  better: "higher",
  value: ({ bytes = NaN, seconds = NaN }) => bytes / seconds / 1e9,
};
const small =
  (verb: "RETR" | "STOR", folder: string) => ({ scale }: Scene) => [verb, folder, scale.small, scale.patience];

/** In the order of the table. */
export const WORKS: readonly Work[] = [
  {
    title: "Logins, one after the other",
    unit: "µs a login",
    factor: MICRO,
    mode: "login",
    arguments: ({ scale }) => [scale.logins, 1, scale.patience],
    count: counted,
    seen: perSecond,
  },
  {
    title: "RETR of 4 KiB files",
    unit: "µs a file",
    factor: MICRO,
    mode: "small",
    arguments: small("RETR", "/small"),
    count: counted,
    seen: perSecond,
  },
  {
    title: "STOR of 4 KiB files",
    unit: "µs a file",
    factor: MICRO,
    mode: "small",
    arguments: small("STOR", "/up"),
    count: counted,
    seen: perSecond,
  },
  {
    title: "RETR of a large file",
    unit: "ms a GiB",
    factor: MILLI,
    mode: "retr",
    arguments: () => ["/large", 1],
    count: ({ bytes = NaN }) => bytes / GIB,
    seen: gigabytes,
  },
  {
    title: "STOR of a large file",
    unit: "ms a GiB",
    factor: MILLI,
    mode: "stor",
    arguments: ({ scale }) => ["/up/large", scale.large],
    count: ({ bytes = NaN }) => bytes / GIB,
    seen: gigabytes,
  },
  {
    title: "NOOP, one by one",
    unit: "µs a command",
    factor: MICRO,
    mode: "noop",
    arguments: ({ scale }) => [scale.noops, 1],
    count: (_, { scale }) => scale.noops + 1,
    seen: { title: "µs at p99", better: "lower", value: ({ p99 = NaN }) => p99 * MICRO },
  },
];

/** The same work, where the question is how long a client waits for each. */
export const WAITED_FOR: readonly Work[] = WORKS.map((work) => {
  const value = work.mode === "noop"
    ? ({ p50 = NaN }: Report) => p50 * MILLI
    : ({ count = NaN, seconds = NaN }: Report) => seconds / count * MILLI;
  return work.seen === gigabytes ? work : { ...work, seen: { title: "ms each", better: "lower", value } };
});
