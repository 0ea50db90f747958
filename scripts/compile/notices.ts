/**
 * The licences of what is in the executable besides our own code: most of them ask to be passed on with every copy.
 *
 * @module
 */

import { join } from "@std/path";
import { runOrThrow } from "./run.ts";

interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** Where Deno keeps it. */
  readonly localPath: string;
}

const LICENSE_FILE = /^(licen[cs]e|copying|notice)(\.(txt|md))?$/i;

const RUNTIME = `Deno, with V8 and what else it is made of
The runtime of the executable, under the MIT licence and those of its parts: https://github.com/denoland/deno/blob/main/LICENSE.md`;

/** One text with the licence of every package that `main.ts` reaches. */
export async function collectNotices(): Promise<string> {
  const { stdout } = await runOrThrow([Deno.execPath(), "info", "--json", "main.ts"]);
  const { npmPackages }: { npmPackages: Record<string, NpmPackage> } = JSON.parse(stdout);
  const sorted = Object.values(npmPackages).toSorted((a, b) => a.name < b.name ? -1 : 1);
  const notices = await Promise.all(sorted.map(noticeOf));
  return [RUNTIME, ...notices].map((notice) => `${notice.trim()}\n`).join(`\n${"-".repeat(79)}\n\n`);
}

async function noticeOf({ name, version, localPath }: NpmPackage): Promise<string> {
  const files = [...Deno.readDirSync(localPath)].filter((entry) => entry.isFile && LICENSE_FILE.test(entry.name));
  const texts = await Promise.all(files.map((file) => Deno.readTextFile(join(localPath, file.name))));
  return `${name} ${version}\n\n${texts.length > 0 ? texts.join("\n") : await declared(localPath)}`;
}

/** What a package says that comes without the text. */
async function declared(localPath: string): Promise<string> {
  const { license } = JSON.parse(await Deno.readTextFile(join(localPath, "package.json")));
  if (typeof license !== "string") throw new Error(`Package "${localPath}" does not say its licence`);
  return `Licence: ${license}`;
}
