/**
 * Remembers for a while that a password was right, without remembering the password.
 *
 * @module
 */

import { createHash, randomBytes } from "node:crypto";

/** Bounds of {@link VerifiedPasswords}. */
export interface ProofsOptions {
  /** Milliseconds from the last use during which a proof holds. */
  readonly lifetime: number;
  /** The most proofs kept; the one used longest ago goes first. */
  readonly capacity: number;
  /** Milliseconds since some fixed time. */
  readonly now: () => number;
}

/**
 * A set of proofs, each a SHA-256 of a key that only this process has, account, hash and password. It says nothing to who reads the
 * memory later without the key, and a changed hash makes another proof, so the old password is worth nothing at once. An HMAC would be
 * safe against lengthening too (RFC 2104 section 6), but no proof is ever shown to anybody, and it takes five times as long.
 */
export class VerifiedPasswords {
  readonly #key = randomBytes(32).toString("hex");
  readonly #options: ProofsOptions;
  /** When each was last used, the oldest first. */
  readonly #usedAt = new Map<string, number>();

  constructor(options: ProofsOptions) {
    this.#options = options;
  }

  /** The proof for a login with these three. */
  make(name: string, encoded: string, password: string): string {
    // The lengths in front keep ("a", "bc") and ("ab", "c") apart.
    const message = `${this.#key}${name.length} ${encoded.length} ${name}${encoded}${password}`;
    return createHash("sha256").update(message).digest("hex");
  }

  /** Whether `proof` was added and is still good; using it makes it last on. */
  has(proof: string): boolean {
    const usedAt = this.#usedAt.get(proof);
    if (usedAt === undefined) return false;
    const now = this.#options.now();
    this.#usedAt.delete(proof);
    if (now - usedAt >= this.#options.lifetime) return false;
    this.#usedAt.set(proof, now);
    return true;
  }

  /** Remembers `proof`. */
  add(proof: string): void {
    this.#usedAt.delete(proof);
    this.#usedAt.set(proof, this.#options.now());
    if (this.#usedAt.size <= this.#options.capacity) return;
    for (const oldest of this.#usedAt.keys()) {
      this.#usedAt.delete(oldest);
      return;
    }
  }
}
