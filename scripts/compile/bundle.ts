/**
 * Makes one JavaScript module of the program and its dependencies. Embedding it instead of the modules makes the
 * executable 6 MB smaller and its start a quarter shorter (docs/deploy.md has the figures), and nothing else can slip
 * in.
 *
 * @module
 */

import { join } from "@std/path";
import type { Build } from "../../lib/build.ts";
import { runOrThrow } from "./run.ts";

/** Name of the module. */
export const BUNDLE = "denoftpd.js";

/**
 * Dependencies in CommonJS (string-width) require modules of Node, which the bundle leaves to a function of this
 * name. It must be there before them.
 */
const REQUIRE = 'import{createRequire as nodeRequire}from"node:module";const require=nodeRequire(import.meta.url);\n';

/** What to bundle, and where. */
export interface BundleOptions {
  /** Folder for the bundle and what is needed to make it. It is emptied first. */
  readonly folder: string;
  readonly build: Build;
}

/** Writes {@link BUNDLE} into a folder of its own and resolves to that folder. */
export async function bundle({ folder, build }: BundleOptions): Promise<string> {
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  const output = join(folder, "bundle");
  await Deno.mkdir(output, { recursive: true });
  const config = join(folder, "deno.json");
  await Deno.writeTextFile(join(folder, "build.ts"), `export const BUILD = ${JSON.stringify(build)};\n`);
  await Deno.writeTextFile(config, JSON.stringify(await bundleConfig(folder)));
  await runOrThrow([
    ...[Deno.execPath(), "bundle", "--quiet", "--platform", "deno", "--minify", "--keep-names"],
    ...["--config", config, "--lock", "deno.lock", "--frozen-lockfile", "--output", join(output, BUNDLE), "main.ts"],
  ]);
  const path = join(output, BUNDLE);
  await Deno.writeTextFile(path, REQUIRE + await Deno.readTextFile(path));
  return output;
}

/** The dependencies of the project, and `lib/build.ts` replaced. */
async function bundleConfig(folder: string): Promise<{ imports: Record<string, string> }> {
  const project: { imports: Record<string, string> } = JSON.parse(await Deno.readTextFile("deno.json"));
  const root = folder.split(/[\\/]/).map(() => "..").join("/");
  const imports = Object.entries(project.imports).map(([name, target]) => {
    return [name, target.startsWith("./") ? `${root}/${target.slice(2)}` : target];
  });
  return { imports: { ...Object.fromEntries(imports), [`${root}/lib/build.ts`]: "./build.ts" } };
}
