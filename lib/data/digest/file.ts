/**
 * The digest of a stored file: a transfer to nowhere, paced like all transfers, so that it does not block others.
 *
 * @module
 */

import type { Connection } from "../../net/connection.ts";
import type { ByteSource } from "../../vfs/vfs.ts";
import { type DigestAlgorithm, type Hasher, hasherFor } from "./digest.ts";
import type { EventLoop } from "../event_loop.ts";
import { PumpRun } from "../pump_run.ts";

/** The options of {@link digestOf}. */
export interface DigestOptions {
  /** Bytes to read, fewer if the source ends before. Default: all. */
  readonly length?: number;
  /** Aborts the digest: rejects with the reason. */
  readonly signal: AbortSignal;
  /** Milliseconds without a byte read until it is given up; 0: no limit. Waiting for a turn does not count. */
  readonly stallTimeout: number;
  /** Called with the bytes read so far, after each piece. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
  /** Where it is computed: digests wait in its queue. */
  readonly loop: EventLoop;
}

/** Bytes hashed without a break; at the speed of SHA-512 other sessions wait less than a millisecond. */
const PIECE = 256 * 1024;
/** Bytes until the next in line gets its turn: about a tenth of a second. */
const STRETCH = 64 * 1024 * 1024;

/** The storage delivered nothing for too long. */
export class DigestStalled extends Error {
  override readonly name = "DigestStalled";
}

/**
 * Reads `source` from its position and digests it. Does not close it. Rejects as the source does, and with
 * {@link DigestStalled}.
 */
export async function digestOf(
  source: ByteSource,
  algorithm: DigestAlgorithm,
  options: DigestOptions,
): Promise<string> {
  const { length = Infinity, signal, loop } = options;
  const hasher = hasherFor(algorithm);
  for (let done = 0; done < length;) {
    using _turn = await loop.digestTurns.take(signal);
    const count = await stretch(source, hasher, { ...options, done, most: Math.min(length - done, STRETCH) });
    if (count === 0) break;
    done += count;
  }
  return hasher.hex();
}

interface Stretch extends DigestOptions {
  readonly done: number;
  readonly most: number;
}

/** Resolves to the number of bytes: 0 at the end of the source. */
async function stretch(source: ByteSource, hasher: Hasher, options: Stretch): Promise<number> {
  const { loop, signal, stallTimeout, onProgress, done, most } = options;
  using run = new PumpRun(nowhere, { loop, signal, stallTimeout, onProgress: (bytes) => onProgress?.(done + bytes) });
  for (let left = most; left > 0 && !run.ended;) {
    const buffer = run.buffers.take(PIECE);
    const count = await run.untilFailed(source.read(buffer.subarray(0, left)));
    if (count === undefined) {
      // The read may still be pending.
      run.buffers.drop(buffer);
      break;
    }
    const bytes = buffer.subarray(0, count);
    hasher.update(bytes);
    if (count > 0) await run.send(bytes, false);
    run.buffers.give(buffer);
    if (count === 0) break;
    left -= count;
  }
  const { outcome, bytes, error } = run.result;
  if (outcome === "done") return bytes;
  throw outcome === "stalled" ? new DigestStalled("Storage stalled") : error;
}

const NO_END = Object.freeze({ hostname: "", port: 0 });

/** Accepts everything at once. */
const nowhere: Connection = Object.freeze({
  localAddr: NO_END,
  remoteAddr: NO_END,
  read: () => Promise.resolve(null),
  write: (data: Uint8Array) => Promise.resolve(data.length),
  closeWrite: () => Promise.resolve(),
  close: () => {},
});
