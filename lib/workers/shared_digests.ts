/**
 * Digests of files, remembered per event loop and forgotten by all at once.
 *
 * @module
 */

import { type DigestAlgorithm, DigestCache, type Digests } from "../data/digest/digest.ts";
import type { DigestMemory } from "../vfs/digests.ts";
import type { FileIdentity } from "../vfs/vfs.ts";
import { hashOf } from "./hash.ts";

/** Files with the same hash are forgotten together, which costs a digest and nothing more. */
const EPOCHS = 1 << 14;

/** Counts how often files were forgotten: sent to the other threads. */
export function makeEpochs(): SharedArrayBuffer {
  return new SharedArrayBuffer(4 * EPOCHS);
}

/**
 * A `DigestCache` whose entries are invalid in every event loop once one forgets the file, as they belong to an earlier
 * epoch.
 */
export class SharedDigests implements DigestMemory {
  readonly #cache = new DigestCache();
  readonly #epochs: Int32Array<SharedArrayBuffer>;

  constructor(epochs: SharedArrayBuffer) {
    this.#epochs = new Int32Array(epochs);
  }

  /** Implements `DigestCache.remember`. */
  remember(key: string, identity: FileIdentity, digests: Digests): void {
    this.#cache.remember(this.#now(key), identity, digests);
  }

  /** Implements `DigestCache.find`. */
  find(key: string, identity: FileIdentity, algorithm: DigestAlgorithm): string | undefined {
    return this.#cache.find(this.#now(key), identity, algorithm);
  }

  /** Implements `DigestCache.forget`. */
  forget(key: string): void {
    Atomics.add(this.#epochs, slotOf(key), 1);
  }

  #now(key: string): string {
    return `${Atomics.load(this.#epochs, slotOf(key))} ${key}`;
  }
}

function slotOf(key: string): number {
  return hashOf(key)[0] & (EPOCHS - 1);
}
