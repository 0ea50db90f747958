// deno-lint-ignore-file no-console -- a script talks to the person who runs it
/**
 * `deno task compile [flags]`: makes executables that run where nothing is installed, and packs them with their
 * checksums.
 *
 * - `--target TRIPLE|all`: without it, for the system we are on.
 * - `--output DIR`: executables are `DIR/TRIPLE/denoftpd`, archives and `SHA256SUMS` are in `DIR`. Without it, `dist`.
 * - `--commit HASH`: for where git cannot tell, as in the build of an image.
 * - `--deb`: a package for Debian as well, for the targets that it has; needs `dpkg-deb`.
 * - `--release`: fails rather than make what is not for release.
 * - `--code-cache`: later starts are quicker, by a file that the first leaves in the temporary folder (docs/deploy.md
 * says who may have it).
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { join, resolve } from "@std/path";
import { VERSION } from "../lib/version.ts";
import { bundle } from "./compile/bundle.ts";
import { describeCommit } from "./compile/commit.ts";
import { hasDebian, makeDebian } from "./compile/debian.ts";
import { findCompiler } from "./compile/compiler.ts";
import { makeExecutable } from "./compile/executable.ts";
import { collectNotices } from "./compile/notices.ts";
import { makeArchive, writeChecksums } from "./compile/package.ts";
import { selectTargets, type Target } from "./compile/targets.ts";

const CACHE = ".cache/compile";

interface CompileOptions {
  readonly output: string;
  readonly commit: string | undefined;
  readonly release: boolean;
  readonly codeCache: boolean;
  readonly deb: boolean;
}

function readFlags(args: readonly string[]): CompileOptions & { targets: readonly Target[] } {
  const { target, output = "dist", commit, ...switches } = parseArgs(args, {
    string: ["target", "output", "commit"],
    boolean: ["release", "code-cache", "deb"],
    // The default, which could once be asked for.
    negatable: ["code-cache"],
    unknown: (argument) => {
      throw new RangeError(`Unknown argument "${argument}"`);
    },
  });
  return {
    targets: selectTargets(target === undefined ? undefined : String(target)),
    output: String(output),
    commit: commit === undefined ? undefined : String(commit),
    release: switches.release === true,
    codeCache: switches["code-cache"] === true,
    deb: switches.deb === true,
  };
}

async function requireOneVersion(): Promise<void> {
  const { version } = JSON.parse(await Deno.readTextFile("deno.json"));
  if (version !== VERSION) throw new Error(`Version "${VERSION}" of lib/version.ts is not "${version}" of deno.json`);
}

/** Resolves to the paths of the archive and of the package for Debian, if there is one. */
async function compile(target: Target, options: CompileOptions & { readonly commit: string }): Promise<string[]> {
  const { commit, output, release, codeCache, deb } = options;
  const compiler = await findCompiler(target.triple, { cache: CACHE, release, tell: console.error });
  const { note } = compiler;
  const folder = await bundle({
    folder: `${CACHE}/${target.triple}`,
    split: true,
    build: { commit, ...(note !== undefined && { note }) },
  });
  const executable = resolve(output, target.triple, target.file);
  await makeExecutable(compiler, { folder, target: target.triple, output: executable, codeCache });
  const name = `denoftpd-v${VERSION}${note === undefined ? "" : "-local-test"}-${target.triple}`;
  const notices = await collectNotices();
  const made = [await makeArchive({ target, executable, archive: join(output, name), notices })];
  if (deb && hasDebian(target.triple)) {
    const suffix = note === undefined ? undefined : "local-test";
    made.push(await makeDebian({ triple: target.triple, executable, output, notices, suffix }));
  }
  const { size } = await Deno.stat(executable);
  console.log(
    `${executable}  ${(size / 1e6).toFixed(1)} MB${note === undefined ? "" : `  (${note})`}\n${made.join("\n")}`,
  );
  return made;
}

/** One target that cannot be made does not keep the others from it. Resolves to whether all were. */
async function compileAll({ targets, ...options }: CompileOptions & { targets: readonly Target[] }): Promise<boolean> {
  await requireOneVersion();
  if (targets.length > 1 && Deno.env.get("DENORT_BIN") !== undefined) {
    throw new RangeError("DENORT_BIN is a base for one target: name that with --target");
  }
  const commit = options.commit ?? await describeCommit();
  if (options.release && !/^[0-9a-f]+$/.test(commit)) {
    throw new Error(`Flag "--release" needs a commit, not "${commit}"`);
  }
  const archives: string[] = [];
  for (const target of targets) {
    try {
      archives.push(...await compile(target, { ...options, commit }));
    } catch (error) {
      console.error(messageOf(error));
    }
  }
  if (archives.length > 0) await writeChecksums(options.output, archives);
  return archives.length === targets.length;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

try {
  if (!await compileAll(readFlags(Deno.args))) Deno.exitCode = 1;
} catch (error) {
  console.error(messageOf(error));
  Deno.exitCode = error instanceof RangeError ? 2 : 1;
}
