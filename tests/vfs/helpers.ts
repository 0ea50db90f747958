/** What the tests of file-system views share. */

import { assertEquals, assertRejects } from "@std/assert";
import { ForwardingVfs } from "../../lib/vfs/forwarding.ts";
import {
  type Entry,
  type FileSource,
  type OpenWriteOptions,
  type Vfs,
  VfsError,
  type VfsErrorKind,
} from "../../lib/vfs/vfs.ts";
import type { VirtualPath } from "../../lib/vfs/vfs.ts";
import { resolvePath, ROOT } from "../../lib/vfs/virtual_path.ts";

/** The virtual path that `text` spells, seen from the root. */
export function at(text: string): VirtualPath {
  return resolvePath(ROOT, text);
}

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

/** A directory of its own for one test, removed at the end. */
export async function withTempDir(test: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-" }));
  try {
    await test(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Counts the walks through the tree, and holds the next one at its end where that is wanted. */
export class PausableVfs extends ForwardingVfs {
  walks = 0;
  #pause: { readonly reached: () => void; readonly over: Promise<void> } | undefined;

  /** `listed` resolves when a walk has seen everything; it goes on when `resume` is called. */
  pause(): { readonly listed: Promise<void>; readonly resume: () => void } {
    const [listed, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    this.#pause = { reached: listed.resolve, over: over.promise };
    return { listed: listed.promise, resume: over.resolve };
  }

  override async *list(path: VirtualPath): AsyncGenerator<readonly Entry[], void> {
    if (path === ROOT) this.walks++;
    yield* this.inner.list(path);
    const pause = this.#pause;
    if (path !== ROOT || pause === undefined) return;
    this.#pause = undefined;
    pause.reached();
    await pause.over;
  }
}
