/**
 * Remembers for a while that a password was right, without storing the password.
 *
 * @module
 */

import { nodeCrypto } from "../net/node_modules.ts";

/** The options of {@link VerifiedPasswords}. */
export interface VerifiedPasswordsOptions {
  /** Milliseconds after its last use for which a proof is valid. */
  readonly lifetime: number;
  /** The largest number of proofs kept; the least recently used is dropped first. */
  readonly capacity: number;
  /** Milliseconds since some fixed time. */
  readonly now: () => number;
}

/**
 * A set of proofs, each the SHA-256 of a key that only this process has, account, hash and password. Without the key it
 * is worthless to anyone who reads the memory later, and a changed hash makes a different proof, so the old password is
 * invalid at once. An HMAC would also be safe against length extension (RFC 2104 section 6), but a proof never leaves
 * the process, and an HMAC takes five times as long.
 */
export class VerifiedPasswords {
  readonly #key = crypto.getRandomValues(new Uint8Array(32)).toHex();
  readonly #options: VerifiedPasswordsOptions;
  /** When each was last used, the oldest first. */
  readonly #usedAt = new Map<string, number>();
  /** The last of them. */
  #latest: string | undefined;

  constructor(options: VerifiedPasswordsOptions) {
    this.#options = options;
  }

  /** The proof for a login with these three values. */
  make(name: string, encoded: string, password: string): string {
    // The lengths keep ("a", "bc") and ("ab", "c") apart.
    const message = `${this.#key}${name.length} ${encoded.length} ${name}${encoded}${password}`;
    return nodeCrypto().createHash("sha256").update(message).digest("hex");
  }

  /** Whether `proof` was added and is still valid; using it renews it. */
  has(proof: string): boolean {
    const usedAt = this.#usedAt.get(proof);
    if (usedAt === undefined) return false;
    const now = this.#options.now();
    const isValid = now - usedAt < this.#options.lifetime;
    if (isValid) this.#use(proof, now);
    else this.#usedAt.delete(proof);
    return isValid;
  }

  /** Remembers `proof`. */
  add(proof: string): void {
    this.#use(proof, this.#options.now());
    if (this.#usedAt.size <= this.#options.capacity) return;
    for (const oldest of this.#usedAt.keys()) {
      this.#usedAt.delete(oldest);
      return;
    }
  }

  /**
   * Puts `proof` last, where the next of many logins in a row finds it: a map that is deleted from copies itself again
   * and again, and the garbage collector takes each copy for as lasting as the one before.
   */
  #use(proof: string, now: number): void {
    if (proof !== this.#latest) this.#usedAt.delete(proof);
    this.#usedAt.set(proof, now);
    this.#latest = proof;
  }
}
