/**
 * What a soak is asked to do.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";

/** The flags of `deno task test:soak`, read. */
export interface Plan {
  readonly seconds: number;
  readonly visitors: number;
  readonly seed: number;
  readonly workers: number;
  readonly nativeIo: boolean;
  /** The load beside visitors, see `load.ts`; without it, `visitors` come instead. */
  readonly load: Load | undefined;
}

/** Two kinds of sessions, from processes of their own. */
export interface Load {
  /** Sessions that work. */
  readonly busy: number;
  /** Sessions that are there. */
  readonly idle: number;
  /** Average milliseconds between two deeds of a busy one. */
  readonly think: number;
}

const NUMBERS = ["seconds", "visitors", "seed", "workers", "busy", "idle", "think"] as const;

/** @throws {RangeError} for a flag that has no whole number above 0. */
export function readPlan(args: readonly string[]): Plan {
  const flags = parseArgs([...args], { string: [...NUMBERS], boolean: ["native-io"] });
  const number = (name: typeof NUMBERS[number], otherwise: number): number => {
    const value = Number(flags[name] ?? otherwise);
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`Cannot read --${name} "${flags[name]}": not a whole number above 0`);
    }
    return value;
  };
  const load = flags.busy === undefined && flags.idle === undefined
    ? undefined
    : { busy: number("busy", 1000), idle: number("idle", 15_000), think: number("think", 10_000) };
  return {
    seconds: number("seconds", 120),
    visitors: number("visitors", 200),
    seed: number("seed", 1 + Math.floor(Math.random() * 1_000_000)),
    workers: number("workers", 1),
    nativeIo: flags["native-io"] === true,
    load,
  };
}
