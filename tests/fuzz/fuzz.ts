/**
 * Inputs that nobody would write, made with the structure of those that people do, for everything that reads what
 * others send: the control connection, listings and replies, accounts and configuration.
 *
 *     deno task test:fuzz [--commands 20000] [--seed N] [--only control|parsers|files]
 *
 * A failure prints its seed, and the smallest input that was found, which then goes into `corpus/`:
 * that is tried first.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { Budget, Finding } from "./check.ts";
import { fuzzControl } from "./control.ts";
import { fuzzFiles } from "./files.ts";
import { fuzzParsers } from "./parsers.ts";

/** Inputs of the others for each hundred commands. */
const SHARES = { parsers: 50, files: 5 } as const;

async function corpus<T>(name: string): Promise<readonly T[]> {
  const text = await Deno.readTextFile(new URL(`corpus/${name}.json`, import.meta.url));
  return JSON.parse(text) as readonly T[];
}

const PARTS = {
  control: async (budget: Budget) => await fuzzControl(budget, await corpus("control")),
  parsers: async (budget: Budget) =>
    await fuzzParsers(budget, {
      anything: await corpus("anything"),
      replies: await corpus("replies"),
      lists: await corpus("lists"),
    }),
  files: async (budget: Budget) =>
    await fuzzFiles(budget, { accounts: await corpus("accounts"), settings: await corpus("settings") }),
} as const;

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

function number(name: string, value: unknown, otherwise: number): number {
  const parsed = Number(value ?? otherwise);
  if (Number.isInteger(parsed) && parsed > 0) return parsed;
  throw new RangeError(`Cannot read --${name} "${value}": not a whole number above 0`);
}

async function main(): Promise<number> {
  const flags: Readonly<Record<string, unknown>> = parseArgs([...Deno.args], { string: ["commands", "seed", "only"] });
  const commands = number("commands", flags.commands, 20_000);
  const seed = number("seed", flags.seed, 1 + Math.floor(Math.random() * 1_000_000_000));
  let status = 0;
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    status = 1;
    say(`fuzz: an unhandled rejection: ${event.reason instanceof Error ? event.reason.stack : event.reason}`);
  });
  say(`fuzz: --commands ${commands} --seed ${seed}`);
  for (const [part, run] of Object.entries(PARTS)) {
    if (flags.only !== undefined && flags.only !== part) continue;
    const share = part === "control" ? 100 : SHARES[part as keyof typeof SHARES];
    const budget = new Budget(Math.ceil(commands * share / 100), seed);
    const start = performance.now();
    try {
      await run(budget);
      say(`${part}: ${budget.spent} inputs in ${((performance.now() - start) / 1000).toFixed(0)} s, ok`);
    } catch (error) {
      status = 1;
      say(`${part}: FAILED after ${budget.spent} inputs: ${error instanceof Finding ? error.message : error}`);
      if (!(error instanceof Finding) && error instanceof Error) say(error.stack ?? "");
    }
  }
  say(status === 0 ? "fuzz: ok" : "fuzz: FAILED");
  return status;
}

Deno.exit(await main());
