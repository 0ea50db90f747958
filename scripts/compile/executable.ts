/**
 * Turns the bundle into an executable, with the permissions that it may ever need and nothing embedded but the bundle.
 *
 * @module
 */

import { dirname } from "@std/path";
import { AGENT_VARIABLES } from "../../lib/cli/agent/io.ts";
import { interpreterOf } from "../../lib/cli/ftp/programs.ts";
import { CONFIG_VARIABLE, SETTING_NAMES, variableOf } from "../../lib/cli/settings/table.ts";
import { NOTIFY_VARIABLES } from "../../lib/cli/operations/notify.ts";
import { BUNDLE } from "./bundle.ts";
import { libcPaths } from "../../lib/native/libc.ts";
import type { Compiler } from "./compiler.ts";
import { runOrThrow } from "./run.ts";

/** What to compile. */
export interface ExecutableOptions {
  /** Folder with the bundle. */
  readonly folder: string;
  readonly target: string;
  /** Absolute path of the executable. */
  readonly output: string;
  /**
   * With it, a later start finds the code of the first in the temporary folder, under a name that anybody can guess.
   */
  readonly codeCache: boolean;
}

/**
 * Hosts and folders are for the configuration to say, so no flag here can name them; `serve` gives up what a
 * configuration does not use. Everybody else's environment variables are never reached, of programs the command
 * interpreter alone, which every command but `ftp` gives up first, and of foreign code the C library alone, for
 * `--native-io`.
 */
const PERMISSION_FLAGS: readonly string[] = [
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  `--allow-env=${
    [
      ...[CONFIG_VARIABLE, "DENO_TOKIO_EVENT_INTERVAL", ...NOTIFY_VARIABLES],
      ...SETTING_NAMES.map(variableOf),
      ...AGENT_VARIABLES,
    ].join(",")
  }`,
  // Free space (statfs); who runs this, and becoming somebody else (--user); data threads that give way to the others.
  "--allow-sys=statfs,uid,gid,setuid,setgid,getPriority,setPriority",
];

/** {@link PERMISSION_FLAGS}, and what is different for each `target`. */
export function permissionFlags(target: string): readonly string[] {
  const [architecture = ""] = target.split("-");
  const ffi = hasLibrary(target) ? [`--allow-ffi=${libcPaths(architecture).join(",")}`] : [];
  const { path: interpreter } = interpreterOf(target.includes("windows"));
  return [...PERMISSION_FLAGS, `--allow-run=${interpreter}`, ...ffi];
}

/**
 * Flags of V8 (docs/performance.md). A small nursery saves memory that idle sessions would hold, and one that has its
 * size from the start is collected less while the program loads. A thread that makes baseline code costs many starts
 * 3 ms: the first wait for a lock makes V8 measure the processor's frequency.
 */
const V8_FLAGS: readonly string[] = [
  "--min-semi-space-size=4",
  "--max-semi-space-size=4",
  "--no-concurrent-sparkplug",
];

/**
 * Where the C library returns the memory that compiling took, a thread for each of the two optimising compilers, and
 * the better of them after half as many calls as usual: most functions of a transfer are called once in each.
 */
const V8_FLAGS_WITH_LIBRARY: readonly string[] = [
  ...V8_FLAGS,
  "--concurrent-maglev-max-threads=1",
  "--concurrent-turbofan-max-threads=1",
  "--invocation-count-for-turbofan=1500",
];

/** Elsewhere threads that compile would keep some 10 MB. */
const V8_FLAGS_WITHOUT: readonly string[] = [...V8_FLAGS, "--no-concurrent-recompilation"];

/** Several event loops share a port (`--workers`), and data threads have a permission of their own (`--native-io`). */
function runtimeFlags(target: string): readonly string[] {
  const v8 = hasLibrary(target) ? V8_FLAGS_WITH_LIBRARY : V8_FLAGS_WITHOUT;
  return ["--unstable-net", "--unstable-worker-options", `--v8-flags=${v8.join(",")}`];
}

function hasLibrary(target: string): boolean {
  return target.includes("linux");
}

/** What `deno run` is given for the same program on `target`: it knows no `setuid` and `setgid` to name. */
export function runArguments(target: string): readonly string[] {
  return [
    ...runtimeFlags(target),
    ...permissionFlags(target).map((flag) => flag.startsWith("--allow-sys=") ? "--allow-sys" : flag),
  ];
}

/** @throws {Error} when the compiler fails, and when it embeds anything but the bundle. */
export async function makeExecutable(compiler: Compiler, options: ExecutableOptions): Promise<void> {
  const { folder, target, output, codeCache } = options;
  await Deno.mkdir(dirname(output), { recursive: true });
  const { stderr } = await runOrThrow([
    ...[...compiler.command, "compile", "--no-config", "--no-lock", "--no-check", "--target", target],
    ...(codeCache ? [] : ["--no-code-cache"]),
    ...[...runtimeFlags(target), ...permissionFlags(target), "--output", output, BUNDLE],
  ], { cwd: folder, env: compiler.env });
  const bundled = new Set(Array.from(Deno.readDirSync(folder), ({ name }) => name));
  const stray = embeddedFiles(stderr).filter((file) => !bundled.has(file));
  if (stray.length > 0) throw new Error(`The executable contains more than the program: ${stray.join(", ")}`);
}

/**
 * The files in the tree that `deno compile` prints under "Embedded Files". @throws {Error} for a report without one.
 */
export function embeddedFiles(report: string): string[] {
  const files = [...report.matchAll(/^[│ ]*[├└]──?[┬─]? (.+) \([\d.]+\w+\)$/gm)].map(([, file = ""]) => file);
  if (files.length === 0) throw new Error(`The compiler does not report what it embedded:\n${report}`);
  return files;
}
