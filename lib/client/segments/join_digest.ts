/**
 * Whether the segments of a download fit together: each remembers what comes right before it, by its digest.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { Overlap } from "../resume.ts";

/** Remembers the first bytes that arrive, by their digest, to be compared with what is before them. */
export class JoinDigest implements Overlap {
  readonly length: number;
  readonly #hash = createHash("sha256");
  readonly #onKnown: (digest: string) => void;
  #left: number;

  /** Takes `length` bytes, and then reports their digest. */
  constructor(length: number, onKnown: (digest: string) => void) {
    this.length = length;
    this.#left = length;
    this.#onKnown = onKnown;
  }

  /** As {@link Overlap.pass}. Never throws. */
  pass(data: Uint8Array): Uint8Array {
    if (this.#left === 0) return data;
    const own = data.subarray(0, this.#left);
    this.#hash.update(own);
    this.#left -= own.length;
    if (this.#left === 0) this.#onKnown(this.#hash.digest("hex"));
    return data.subarray(own.length);
  }
}

/** The digest that {@link JoinDigest} makes. */
export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
