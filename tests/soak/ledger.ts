/**
 * What the server has promised to hold: a 226 after an upload makes an entry, anything that leaves a file in doubt
 * drops it.
 *
 * @module
 */

import { join } from "@std/path";
import { makePayload, sha256, sha256OfFile } from "../clients/payload.ts";

/** A run of bytes of {@link makePayload}. */
export interface Piece {
  readonly size: number;
  readonly seed: number;
}

/** The files of one visitor, by path from the root of the server. */
export class Ledger {
  readonly #files = new Map<string, readonly Piece[]>();

  /** Paths whose content is known. */
  get paths(): readonly string[] {
    return [...this.#files.keys()];
  }

  /** Says that `path` holds exactly `pieces`. */
  record(path: string, pieces: readonly Piece[]): void {
    this.#files.set(path, pieces);
  }

  /** Says that nothing is known of `path` any more. */
  forget(path: string): void {
    this.#files.delete(path);
  }

  /** What `path` holds. */
  pieces(path: string): readonly Piece[] {
    return this.#files.get(path) ?? [];
  }

  /**
   * Compares every known file below the real directory `root` with what it has to hold; resolves to a line for each
   * that differs.
   */
  async differences(root: string): Promise<string[]> {
    const lines: string[] = [];
    for (const [path, pieces] of this.#files) {
      const expected = await sha256(assemble(pieces));
      const actual = await sha256OfFile(join(root, path)).catch((error: unknown) => String(error));
      if (actual !== expected) {
        lines.push(`"${path}" was answered 226 and has SHA-256 ${actual} instead of ${expected}`);
      }
    }
    return lines;
  }
}

/** The bytes of `pieces`, one after the other. */
export function assemble(pieces: readonly Piece[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { size }) => sum + size, 0));
  let offset = 0;
  for (const { size, seed } of pieces) {
    whole.set(makePayload(size, seed), offset);
    offset += size;
  }
  return whole;
}
