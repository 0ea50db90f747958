/**
 * The peers, fetched once into a cache folder and unpacked there; nothing is installed.
 *
 * @module
 */

import { join } from "@std/path";

/** Debian packages of the servers, and of the libraries that a small system may lack. */
const DEBIAN_PACKAGES = [
  "vsftpd",
  "proftpd-core",
  "proftpd-mod-crypto",
  "pure-ftpd",
  "pure-ftpd-common",
  "python3-pyftpdlib",
  "python3-openssl",
  "python3-cryptography",
  "python3-cffi-backend",
  "libwrap0",
  "libhashkit2",
  "libhiredis0.14",
  "libmemcached11",
  "libmemcachedutil2",
  "libpcre2-posix3",
];

const FTP_SRV = "ftp-srv@4.6.3";

/** Where the peers are. */
export interface Packages {
  /** The root of the unpacked Debian packages. */
  readonly debian: string;
  /** The folder with ftp-srv's `node_modules`. */
  readonly npm: string;
  /** What could not be fetched, in words. */
  readonly missing: readonly string[];
}

/** Makes sure that the peers are in `cache`. What cannot be fetched is left out and named. */
export async function fetchPackages(cache: string): Promise<Packages> {
  const debian = join(cache, "root");
  const npm = join(cache, "npm");
  const missing: string[] = [];
  const attempt = async (what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      missing.push(`${what}: ${error instanceof Error ? error.message : error}`);
    }
  };
  for (const name of DEBIAN_PACKAGES) await attempt(name, () => fetchDebian(name, cache, debian));
  await attempt(FTP_SRV, () => fetchNpm(npm));
  return { debian, npm, missing };
}

async function fetchDebian(name: string, cache: string, root: string): Promise<void> {
  const marker = join(root, ".fetched", name);
  if (exists(marker)) return;
  const folder = join(cache, "debs", name);
  await Deno.mkdir(folder, { recursive: true });
  await run("apt-get", ["download", name], folder);
  for (const { name: file } of Deno.readDirSync(folder)) await run("dpkg-deb", ["-x", file, root], folder);
  await Deno.mkdir(join(root, ".fetched"), { recursive: true });
  await Deno.writeTextFile(marker, "");
}

async function fetchNpm(folder: string): Promise<void> {
  if (exists(join(folder, "node_modules", "ftp-srv"))) return;
  await Deno.mkdir(folder, { recursive: true });
  await run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder, FTP_SRV], folder);
}

/** Runs a program to its end. @throws {Error} with the last line that it wrote when it fails. */
export async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], cwd }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout);
  throw new Error(`"${command}" failed: ${decoder.decode(stderr).trim().split("\n").at(-1)}`);
}

/** Whether there is something at `path`. */
export function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
