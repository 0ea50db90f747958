/**
 * Packs executables as release pages have them: one archive a target, and the checksums of all.
 *
 * @module
 */

import { zipSync } from "fflate";
import { packTar } from "modern-tar";
import { basename, join } from "@std/path";
import type { Target } from "./targets.ts";

/** What goes into an archive. */
export interface PackageOptions {
  readonly target: Target;
  readonly executable: string;
  /** Path without the ending. */
  readonly archive: string;
  /** The licences of others. */
  readonly notices: string;
}

/** A file in an archive. */
export interface Member {
  readonly name: string;
  readonly mode: number;
  readonly content: Uint8Array<ArrayBuffer>;
}

/** Files beside the executable. */
const TEXTS = ["LICENSE", "README.md"] as const;

/**
 * The same bytes come out for the same content, whenever and by whomever it is packed: the first day that zip knows.
 */
const DATE = new Date("1980-01-01T12:00:00Z");

/** Writes the archive and resolves to its path. */
export async function makeArchive({ target, executable, archive, notices }: PackageOptions): Promise<string> {
  const folder = basename(archive);
  const texts = await Promise.all(TEXTS.map((name) => member(`${folder}/${name}`, { path: name, mode: 0o644 })));
  const program = await member(`${folder}/${target.file}`, { path: executable, mode: 0o755 });
  const content = new TextEncoder().encode(notices);
  const members = [program, ...texts, { name: `${folder}/THIRD_PARTY_LICENSES`, mode: 0o644, content }];
  const path = `${archive}.${target.archive}`;
  await Deno.writeFile(path, target.archive === "zip" ? zip(members) : await tarGzip(members));
  return path;
}

/**
 * Writes `SHA256SUMS` into `folder`, as `sha256sum --check` reads it. What another task has put there for files that
 * are still in the folder stays.
 */
export async function writeChecksums(folder: string, archives: readonly string[]): Promise<void> {
  const path = join(folder, "SHA256SUMS");
  const lines = new Map<string, string>();
  for (const line of (await Deno.readTextFile(path).catch(() => "")).split("\n")) {
    const [, name] = line.split("  ");
    if (name !== undefined && await Deno.stat(join(folder, name)).catch(() => undefined)) lines.set(name, line);
  }
  for (const archive of archives) {
    const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(archive));
    const name = basename(archive);
    lines.set(name, `${new Uint8Array(digest).toHex()}  ${name}`);
  }
  await Deno.writeTextFile(path, [...lines.keys()].toSorted().map((name) => `${lines.get(name)}\n`).join(""));
}

/** The file at `path`. */
export async function member(name: string, { path, mode }: { path: string; mode: number }): Promise<Member> {
  return { name, mode, content: await Deno.readFile(path) };
}

function zip(members: readonly Member[]): Uint8Array {
  return zipSync(Object.fromEntries(members.map(({ name, content }) => [name, [content, { mtime: DATE }]])));
}

/** The bytes of a `.tar.gz`. */
export async function tarGzip(members: readonly Member[]): Promise<ReadableStream<Uint8Array>> {
  const tar = await packTar(members.map(({ name, mode, content }) => ({
    header: { name, mode, size: content.length, mtime: DATE, type: "file" as const },
    body: content,
  })));
  return new Blob([new Uint8Array(tar)]).stream().pipeThrough(new CompressionStream("gzip"));
}
