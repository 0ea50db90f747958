/**
 * SIZE in TYPE A: how many bytes a file has once its line ends are converted, which takes reading it.
 *
 * @module
 */

import { NetworkAsciiLength } from "../protocol/ascii.ts";
import type { Vfs, VirtualPath } from "../vfs/vfs.ts";

/** Larger files are refused: SIZE must not become a way to keep the disk busy (RFC 3659 section 4.1 allows 550). */
const LARGEST = 1 << 20;

/** Bytes of the file at `path` in TYPE A; `undefined` where that would take too long to find out. */
export async function asciiSize(vfs: Vfs, path: VirtualPath, size: number): Promise<number | undefined> {
  if (size > LARGEST) return undefined;
  const source = await vfs.openRead(path);
  try {
    const length = new NetworkAsciiLength();
    const buffer = new Uint8Array(Math.max(1, Math.min(size, 65536)));
    for (let n = await source.read(buffer); n !== null; n = await source.read(buffer)) {
      length.add(buffer.subarray(0, n));
    }
    return length.length;
  } finally {
    source.close();
  }
}
