/**
 * Runs a client command: its help, its flags, its exit status.
 *
 * @module
 */

import { AgentError } from "../../agent/errors.ts";
import { explain } from "../../agent/explain.ts";
import { EXIT, exitStatusOf } from "../../agent/exit_status.ts";
import { type Flag, type GivenFlags, readFlags } from "../flags.ts";
import { UsageError } from "../usage_error.ts";
import type { AgentCommand } from "./command.ts";
import { AgentContext } from "./context.ts";
import { connectionFlagsBeside } from "./flags.ts";
import { helpOf } from "./help.ts";
import type { AgentIo } from "./io.ts";
import type { ProgressBars } from "./progress.ts";
import { AGENT_COMMANDS } from "./table.ts";

/** The command of that name. */
export function findAgentCommand(name: string): AgentCommand | undefined {
  return AGENT_COMMANDS.find((command) => command.name === name);
}

/** Every flag of `command`. */
export function flagsOf({ flags }: AgentCommand): readonly Flag[] {
  return [...flags, ...connectionFlagsBeside(flags)];
}

/** Runs `command` and resolves to its exit status. Rejects only for what is a defect. */
export async function runAgentCommand(command: AgentCommand, args: readonly string[], io: AgentIo): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    io.stdout(helpOf(command));
    return EXIT.done;
  }
  // Before the flags are read, so that a mistake in them is reported in the form that was asked for.
  const isJson = args.includes("--json");
  const fail = (message: string, status: number): number => {
    io.stderr(isJson ? `${JSON.stringify({ event: "error", message, status })}\n` : `denoftpd: ${message}\n`);
    return status;
  };
  try {
    const given = readArguments(command, args);
    const run = await command.load();
    const stdoutIsData = command.stdoutIsData?.(given) ?? false;
    await using context = new AgentContext(given, io, { stdoutIsData, bars: await barsFor(given, io) });
    try {
      return await run(context);
    } catch (error) {
      // Also of a job that ends early the summary is the last line.
      context.finish();
      throw error;
    }
  } catch (error) {
    if (io.signal.aborted) return endOfAbort(io.signal.reason, fail);
    if (error instanceof UsageError) return fail(error.message, EXIT.wrongUse);
    const status = exitStatusOf(error);
    if (status === EXIT.someFailed && !isForeseen(error)) throw error;
    return fail(explain(error), status);
  }
}

/** Loaded only for a terminal: the widths of characters are a table, and one that needs the Node layer. */
async function barsFor(given: GivenFlags<Flag>, { drawsProgress }: AgentIo): Promise<ProgressBars | undefined> {
  if (!drawsProgress || given.isOn("json") || given.isOn("quiet")) return undefined;
  return new (await import("./progress.ts")).ProgressBars();
}

/** A reader of our output that has gone needs no message. */
function endOfAbort(reason: unknown, fail: (message: string, status: number) => number): number {
  if (reason instanceof Deno.errors.BrokenPipe) return EXIT.localWriteFailed;
  return fail("Interrupted", EXIT.interrupted);
}

function isForeseen(error: unknown): boolean {
  return error instanceof AgentError || (error instanceof Error && error.name === "ClientError");
}

/** The flags and arguments in `args`. @throws {UsageError} */
export function readArguments(command: AgentCommand, args: readonly string[]): GivenFlags<Flag> {
  const { name, counts: [least, most] } = command;
  const flags = flagsOf(command);
  const given = readFlags<Flag>(joined(args, flags), { command: name, flags, most });
  if (given.rest.length < least) {
    throw new UsageError(`Arguments are missing: denoftpd ${name} ${command.arguments}, see denoftpd help ${name}`);
  }
  return given;
}

/** `--output -` as `--output=-`: a dash alone is a value here, and no flag. */
function joined(args: readonly string[], flags: readonly Flag[]): string[] {
  const withValue = new Set(flags.flatMap(({ name, value }) => value === undefined ? [] : [`--${name}`]));
  const out: string[] = [];
  for (const argument of args) {
    const last = out.at(-1);
    if (argument === "-" && last !== undefined && withValue.has(last)) out[out.length - 1] = `${last}=-`;
    else out.push(argument);
  }
  return out;
}
