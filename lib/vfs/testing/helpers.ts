/**
 * The steps of claims about file-system views.
 *
 * @module
 */

import { assertEquals, assertRejects } from "@std/assert";
import {
  type Entry,
  type FileSource,
  type OpenWriteOptions,
  type Vfs,
  VfsError,
  type VfsErrorKind,
  type VirtualPath,
} from "../vfs.ts";
import { resolvePath, ROOT } from "../virtual_path.ts";

/** The virtual path that `text` spells, seen from the root. */
export function at(text: string): VirtualPath {
  return resolvePath(ROOT, text);
}

/** `text` as UTF-8. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Asserts that `action` fails with a {@link VfsError} of `kind`. */
export async function assertFails(kind: VfsErrorKind, action: () => Promise<unknown>, message = ""): Promise<void> {
  const error = await assertRejects(action, VfsError, message);
  assertEquals(error.kind, kind, `${error.message}: ${error.kind} instead of ${kind}`);
}

/** All that is left in `source`, with a buffer that is smaller than most contents; closes it. */
export async function drain(source: FileSource, bufferSize = 1000): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(bufferSize);
  const all: number[] = [];
  try {
    for (let count = await source.read(buffer); count !== null; count = await source.read(buffer)) {
      for (const byte of buffer.subarray(0, count)) all.push(byte);
    }
  } finally {
    source.close();
  }
  return new Uint8Array(all);
}

/** The file at `path` from `offset` on, as UTF-8. */
export async function readText(vfs: Vfs, path: string, offset?: number): Promise<string> {
  return new TextDecoder().decode(await drain(await vfs.openRead(at(path), offset)));
}

/** Uploads `text` in one piece. */
export async function put(vfs: Vfs, path: string, text: string, options?: OpenWriteOptions): Promise<void> {
  const sink = await vfs.openWrite(at(path), options);
  try {
    await sink.write(bytes(text));
    await sink.commit();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

/** The entries of a directory by name, in the order of the names. */
export async function listAll(vfs: Vfs, path: string): Promise<Map<string, Entry>> {
  const entries: Entry[] = [];
  for await (const batch of vfs.list(at(path))) entries.push(...batch);
  entries.sort((one, other) => one.name < other.name ? -1 : 1);
  return new Map(entries.map((entry) => [entry.name, entry]));
}

/** The names in a directory, sorted. */
export async function namesOf(vfs: Vfs, path: string): Promise<string[]> {
  const names: string[] = [];
  for await (const batch of vfs.names(at(path))) names.push(...batch);
  return names.sort();
}
