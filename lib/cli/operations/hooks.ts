/**
 * `--hooks`: a file of the operator's own whose functions run before and after commands, in a sandbox.
 *
 * @module
 */

import { commandTable } from "../../commands/table.ts";
import type { EventStream } from "../../events.ts";
import type { RunningHooks } from "../../hooks/open.ts";
import type { SandboxProcess } from "../../hooks/sandbox.ts";
import { HooksError, type HookSource, readHooks } from "../../hooks/source.ts";
import { firstReply } from "../../options/command_hooks.ts";
import type { ServerOptions } from "../../options.ts";
import { present } from "../../net/present.ts";
import { type HookSettings, makeBeforeHook } from "./before_hook.ts";
import type { Identity } from "../serve/privileges.ts";
import { type Need, needRead, needRun } from "../permissions/query.ts";
import type { Settings } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

/** The settings of hooks. */
export type SandboxSettings = Pick<
  Settings,
  "hooks" | "hooksTimeout" | "hooksMemory" | "hooksFailure" | "hooksProcess"
>;

/** What a thread of the server needs to run them too; it can be sent to it. */
export interface PreparedHooks {
  readonly source: HookSource;
  readonly process: SandboxProcess | undefined;
}

/**
 * The permissions to read the file and, with `--hooks-process`, to run the runtime.
 *
 * @throws {UsageError} with `--hooks-process` in an executable, which is built to run nothing but a shell for people.
 */
export function sandboxNeeds({ hooks, hooksProcess }: Pick<SandboxSettings, "hooks" | "hooksProcess">): Need[] {
  if (hooks === undefined) return [];
  if (hooksProcess && Deno.build.standalone) {
    throw new UsageError(
      'Flag "--hooks-process" is not for the executable, which may run no programs: leave it out, and hooks run in a ' +
        'thread; or use "deno run" or the npm package',
    );
  }
  return [
    needRead(hooks, `reading the hooks "${hooks}"`),
    ...(hooksProcess ? [needRun(Deno.execPath(), "running hooks in a process (--hooks-process)")] : []),
  ];
}

/** The runtime's flag that hooks in a thread need, which is no permission. */
export function sandboxFlags({ hooks, hooksProcess }: SandboxSettings): string[] {
  return hooks !== undefined && !hooksProcess ? ["--unstable-worker-options"] : [];
}

/**
 * Reads the file; `undefined` without one. `identity`: whom a process of hooks runs as. @throws {UsageError} for a file
 * that cannot be used.
 */
export async function prepareHooks(
  { hooks, hooksProcess }: SandboxSettings,
  identity?: Identity,
): Promise<PreparedHooks | undefined> {
  if (hooks === undefined) return undefined;
  const source = await readHooks(hooks).catch(asUsageError);
  return { source, process: hooksProcess ? { program: Deno.execPath(), ...identity } : undefined };
}

/** Starts them; `undefined` without any. `emit` gets what becomes of them. @throws {UsageError} if they do not load. */
export async function startHooks(
  prepared: PreparedHooks | undefined,
  { hooksTimeout, hooksMemory, hooksFailure }: SandboxSettings,
  emit: EventStream["emit"],
): Promise<RunningHooks | undefined> {
  if (!prepared) return undefined;
  if (hooksTimeout === 0) throw new UsageError('Flag "--hooks-timeout" must be at least one second');
  const limits = { timeout: hooksTimeout, memory: hooksMemory, failure: hooksFailure };
  // Most servers have none, and do not wait for the sandbox to be loaded.
  const { openHooks } = await import("../../hooks/open.ts");
  return await openHooks({ ...prepared, ...limits, verbs: commandTable.commands.map(({ verb }) => verb), emit })
    .catch(asUsageError);
}

/** Hooks as options of a server: the service of `--before-hook` is asked first, then the functions of the file. */
export function hookOptions(
  settings: HookSettings,
  sandbox: RunningHooks | undefined,
  emit: EventStream["emit"],
): Pick<ServerOptions, "before" | "after"> {
  return present({ before: firstReply(makeBeforeHook(settings, emit), sandbox?.before), after: sandbox?.after });
}

function asUsageError(error: unknown): never {
  throw error instanceof HooksError ? new UsageError(error.message) : error;
}
