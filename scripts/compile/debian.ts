/**
 * Makes a package for Debian, and what installs its packages, of an executable: with the service, the manual page and
 * completions, built by `dpkg-deb`. What goes in by hand is in `deploy/debian`.
 *
 * @module
 */

import { gzipSync } from "fflate";
import { dirname, join } from "@std/path";
import { VERSION } from "../../lib/version.ts";
import { runOrThrow } from "./run.ts";

/** Debian's name of the architecture, by that of the compilers. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  "x86_64-unknown-linux-gnu": "amd64",
  "aarch64-unknown-linux-gnu": "arm64",
};

/** The same bytes come out for the same content: the day of the archives, in seconds since 1970. */
const EPOCH = "315576000";

/** What goes into a package. */
export interface DebianOptions {
  readonly triple: string;
  readonly executable: string;
  /** Folder for the package. */
  readonly output: string;
  /** The licences of others. */
  readonly notices: string;
  /** What a version has that is not for release, such as `local-test`. */
  readonly suffix?: string | undefined;
}

/** Whether there are packages for the system `triple`. */
export function hasDebian(triple: string): boolean {
  return ARCHITECTURES[triple] !== undefined;
}

/** Writes the package and resolves to its path. @throws {Error} if `dpkg-deb` is missing or refuses it. */
export async function makeDebian(options: DebianOptions): Promise<string> {
  const { triple, executable, output, suffix } = options;
  const architecture = ARCHITECTURES[triple];
  if (architecture === undefined) throw new Error(`Debian has no packages for ${triple}`);
  const version = suffix === undefined ? VERSION : `${VERSION}~${suffix.replaceAll("-", ".")}`;
  const path = join(output, `denoftpd_${version}_${architecture}.deb`);
  const root = await Deno.makeTempDir({ prefix: "denoftpd-deb-" });
  try {
    await Deno.chmod(root, 0o755);
    for (const [name, content, mode] of await contents(options, version)) await put(root, name, content, mode);
    const { size } = await Deno.stat(executable);
    const control = (await Deno.readTextFile("deploy/debian/control"))
      .replace("@VERSION@", version)
      .replace("@ARCHITECTURE@", architecture)
      .replace("@SIZE@", String(Math.ceil(size / 1024)));
    await put(root, "DEBIAN/control", control, 0o644);
    for (const script of ["postinst", "prerm", "postrm"]) {
      await put(root, `DEBIAN/${script}`, await Deno.readTextFile(`deploy/debian/${script}`), 0o755);
    }
    await put(root, "DEBIAN/conffiles", "/etc/denoftpd/denoftpd.json\n", 0o644);
    await runOrThrow(["dpkg-deb", "--build", "--root-owner-group", "-Zgzip", "-z6", root, path], {
      env: { SOURCE_DATE_EPOCH: EPOCH },
    });
    return path;
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

type Content = readonly [name: string, content: string | Uint8Array, mode: number];

async function contents({ executable, notices }: DebianOptions, version: string): Promise<Content[]> {
  const unit = (await Deno.readTextFile("deploy/denoftpd.service"))
    // What its header says has been done by the package.
    .replace(/^(?:#.*\n)+/, "# denoftpd as a service of systemd. Changes of yours: systemctl edit denoftpd\n")
    .replaceAll("/usr/local/bin/denoftpd", "/usr/bin/denoftpd");
  const copyright = `${await Deno.readTextFile("LICENSE")}\n${"-".repeat(79)}\n\n${notices}`;
  return [
    ["usr/bin/denoftpd", await Deno.readFile(executable), 0o755],
    ["usr/lib/systemd/system/denoftpd.service", unit, 0o644],
    ["usr/lib/sysusers.d/denoftpd.conf", await Deno.readTextFile("deploy/debian/sysusers.conf"), 0o644],
    ["etc/denoftpd/denoftpd.json", await Deno.readTextFile("deploy/debian/denoftpd.json"), 0o644],
    ["usr/share/man/man1/denoftpd.1.gz", gzip(await said(["manual"])), 0o644],
    ["usr/share/bash-completion/completions/denoftpd", await said(["completion", "bash"]), 0o644],
    ["usr/share/zsh/vendor-completions/_denoftpd", await said(["completion", "zsh"]), 0o644],
    ["usr/share/fish/vendor_completions.d/denoftpd.fish", await said(["completion", "fish"]), 0o644],
    ["usr/share/doc/denoftpd/copyright", copyright, 0o644],
    ["usr/share/doc/denoftpd/changelog.gz", gzip(changelogOf(version)), 0o644],
    ["usr/share/doc/denoftpd/CHANGELOG.md.gz", gzip(await Deno.readTextFile("CHANGELOG.md")), 0o644],
    ["usr/share/lintian/overrides/denoftpd", await Deno.readTextFile("deploy/debian/lintian-overrides"), 0o644],
  ];
}

/** In Debian's form, which tools ask for; what has changed is in the file beside it. */
function changelogOf(version: string): string {
  const date = new Date(Number(EPOCH) * 1000).toUTCString().replace("GMT", "+0000");
  return `denoftpd (${version}) unstable; urgency=medium

  * See CHANGELOG.md.gz.

 -- The authors of denoftpd <denoftpd@users.noreply.github.com>  ${date}
`;
}

/** What the program prints: asked of the source, as the executable may be for another machine. */
async function said(args: readonly string[]): Promise<string> {
  return (await runOrThrow([Deno.execPath(), "run", "--quiet", "--no-prompt", "main.ts", ...args])).stdout;
}

function gzip(text: string): Uint8Array {
  return gzipSync(new TextEncoder().encode(text), { level: 9, mtime: 0 });
}

/** Modes are set, as the one of the process may hide some of their bits. */
async function put(root: string, name: string, content: string | Uint8Array, mode: number): Promise<void> {
  const path = join(root, name);
  await Deno.mkdir(dirname(path), { recursive: true, mode: 0o755 });
  if (typeof content === "string") await Deno.writeTextFile(path, content);
  else await Deno.writeFile(path, content);
  await Deno.chmod(path, mode);
}
