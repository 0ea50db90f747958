/**
 * Makes JavaScript modules of the program and its dependencies. Embedding them instead of the sources makes the
 * executable 6 MB smaller and its start a quarter shorter (docs/deploy.md has the figures), and nothing else can slip
 * in.
 *
 * @module
 */

import { basename, join } from "@std/path";
import type { Build } from "../../lib/build.ts";
import { runOrThrow } from "./run.ts";

/** Name of the module to run. */
export const BUNDLE = "denoftpd.js";

/**
 * How a dependency in CommonJS gets a module of Node (`@redis/client` does): what the bundler leaves is an error, and
 * what takes its place asks the runtime, only when it comes to it. `createRequire` of `node:module` would load Node's
 * modules at every start.
 */
const REQUIRE = /throw Error\('Dynamic require of "'\+(\w+)\+'" is not supported'\)/g;
const BUILT_IN = "{const found=globalThis.process.getBuiltinModule($1);if(found)return found;$&}";

/** What to bundle, and where. */
export interface BundleOptions {
  /** Folder for the bundle and what is needed to make it. It is emptied first. */
  readonly folder: string;
  readonly build: Build;
  /**
   * The module that is run, from the working directory.
   *
   * @default "main.ts"
   */
  readonly entry?: string;
  /**
   * Makes a module of each part that is loaded late. A single one loads all of Node's modules that are imported
   * anywhere before it does anything else: `denoftpd --version` takes twice the processor time.
   *
   * @default false
   */
  readonly split?: boolean;
}

/**
 * Writes {@link BUNDLE}, and what it loads, into a folder of its own and resolves to that folder.
 *
 * @throws {Error} for a dependency that cannot be bundled.
 */
export async function bundle({ folder, build, entry = "main.ts", split = false }: BundleOptions): Promise<string> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  const output = join(folder, "bundle");
  await Deno.mkdir(output, { recursive: true });
  const config = join(folder, "deno.json");
  await Deno.writeTextFile(join(folder, "build.ts"), `export const BUILD = ${JSON.stringify(build)};\n`);
  await Deno.writeTextFile(config, JSON.stringify(await bundleConfig(folder)));
  await runOrThrow([
    ...[Deno.execPath(), "bundle", "--quiet", "--platform", "deno", "--minify", "--keep-names"],
    ...["--config", config, "--lock", "deno.lock", "--frozen-lockfile"],
    ...split ? ["--code-splitting", "--outdir", output] : ["--output", join(output, BUNDLE)],
    entry,
  ]);
  if (split) await Deno.rename(join(output, basename(entry).replace(/\.ts$/, ".js")), join(output, BUNDLE));
  for await (const { name } of Deno.readDir(output)) {
    const file = join(output, name);
    const code = await Deno.readTextFile(file);
    const served = code.replaceAll(REQUIRE, BUILT_IN);
    if (served !== code) await Deno.writeTextFile(file, served);
    else if (code.includes("Dynamic require of")) {
      throw new Error(`The bundler writes what a dependency in CommonJS requires in another way: see ${file}`);
    }
  }
  return output;
}

/** The dependencies of the project, and `lib/build.ts` replaced. */
async function bundleConfig(folder: string): Promise<{ imports: Record<string, string> }> {
  const project: { imports: Record<string, string> } = JSON.parse(await Deno.readTextFile("deno.json"));
  const root = folder.split(/[\\/]/).map(() => "..").join("/");
  const imports: Record<string, string> = { ...project.imports, [`${root}/lib/build.ts`]: "./build.ts" };
  for (const [name, target] of Object.entries(project.imports)) {
    if (!target.startsWith("./")) continue;
    // A file of another configuration would be a package that the lock file does not have.
    imports[name] = `./${basename(target)}`;
    await Deno.copyFile(target, join(folder, basename(target)));
  }
  return { imports };
}
