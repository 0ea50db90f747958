// deno-lint-ignore-file no-console -- a script talks to the person who runs it
/**
 * `deno task compile [--target TRIPLE|all] [--output DIR] [--no-code-cache]`: makes executables that run where nothing is installed, as
 * `DIR/TRIPLE/denoftpd`, and packs them with their checksums.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { join, resolve } from "@std/path";
import { VERSION } from "../lib/version.ts";
import { bundle } from "./compile/bundle.ts";
import { findCompiler } from "./compile/compiler.ts";
import { makeExecutable } from "./compile/executable.ts";
import { makeArchive, writeChecksums } from "./compile/package.ts";
import { run } from "./compile/run.ts";
import { selectTargets, type Target } from "./compile/targets.ts";

const CACHE = ".cache/compile";

interface CompileOptions {
  readonly commit: string;
  readonly output: string;
  readonly noCodeCache: boolean;
}

function readFlags(args: readonly string[]): { targets: readonly Target[]; output: string; noCodeCache: boolean } {
  const parsed = parseArgs(args, {
    string: ["target", "output"],
    boolean: ["no-code-cache"],
    unknown: (argument) => {
      throw new RangeError(`Unknown argument "${argument}"`);
    },
  });
  const { target, output = "dist" } = parsed;
  return {
    targets: selectTargets(target === undefined ? undefined : String(target)),
    output: String(output),
    noCodeCache: parsed["no-code-cache"] === true,
  };
}

/** Of what the executable is made. */
async function describeCommit(): Promise<string> {
  const head = await run(["git", "rev-parse", "--short=10", "HEAD"]);
  if (!head.success) return "unknown";
  const changes = await run(["git", "status", "--porcelain", "--untracked-files=no"]);
  return `${head.stdout.trim()}${changes.stdout === "" ? "" : "-modified"}`;
}

async function requireOneVersion(): Promise<void> {
  const { version } = JSON.parse(await Deno.readTextFile("deno.json"));
  if (version !== VERSION) throw new Error(`Version "${VERSION}" of lib/version.ts is not "${version}" of deno.json`);
}

/** Resolves to the path of the archive. */
async function compile(target: Target, { commit, output, noCodeCache }: CompileOptions): Promise<string> {
  const compiler = await findCompiler(target.triple, { cache: CACHE, tell: console.error });
  const { note } = compiler;
  const folder = await bundle({
    folder: `${CACHE}/${target.triple}`,
    build: { commit, ...(note !== undefined && { note }) },
  });
  const executable = resolve(output, target.triple, target.file);
  await makeExecutable(compiler, { folder, target: target.triple, output: executable, noCodeCache });
  const name = `denoftpd-v${VERSION}${note === undefined ? "" : "-local-test"}-${target.triple}`;
  const archive = await makeArchive({ target, executable, archive: join(output, name) });
  const { size } = await Deno.stat(executable);
  console.log(`${executable}  ${(size / 1e6).toFixed(1)} MB${note === undefined ? "" : `  (${note})`}\n${archive}`);
  return archive;
}

try {
  const { targets, output, noCodeCache } = readFlags(Deno.args);
  await requireOneVersion();
  await Deno.mkdir(CACHE, { recursive: true });
  const commit = await describeCommit();
  const archives: string[] = [];
  for (const target of targets) archives.push(await compile(target, { commit, output, noCodeCache }));
  await writeChecksums(output, archives);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(error instanceof RangeError ? 2 : 1);
}
