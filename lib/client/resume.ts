/**
 * Going on where an earlier transfer ended: whether what is there agrees, and whether the server can.
 *
 * @module
 */

import type { ClientError } from "./errors.ts";

/** What is here is not the beginning of what is there. Its message says so in words. */
export class PartMismatch extends Error {}

/** What is done with the first bytes of a transfer that begins a little before the byte that is wanted. */
export interface Overlap {
  /** How much before. */
  readonly length: number;
  /** Returns what of `data` is wanted. @throws {PartMismatch} */
  pass(data: Uint8Array): Uint8Array;
}

/** Compares the end of what is here with the first bytes that arrive. */
export class TailCheck implements Overlap {
  readonly #tail: Uint8Array;
  #compared = 0;

  /** @param tail the last bytes of what is here. */
  constructor(tail: Uint8Array) {
    this.#tail = tail;
  }

  /** Bytes to compare in all: as far before the end of what is here the transfer begins. */
  get length(): number {
    return this.#tail.length;
  }

  /** Whether all of them have arrived and agree. */
  get isOver(): boolean {
    return this.#compared === this.length;
  }

  /** Returns what of `data` is new. @throws {PartMismatch} */
  pass(data: Uint8Array): Uint8Array {
    const known = data.subarray(0, this.length - this.#compared);
    if (!isEqual(known, this.#tail.subarray(this.#compared, this.#compared + known.length))) {
      throw new PartMismatch("the part here differs from the file there");
    }
    this.#compared += known.length;
    return data.subarray(known.length);
  }
}

/** Codes with which servers refuse REST, at once or at the transfer; ProFTPD has 451 and says why in words. */
const NO_RESTART = new Set([500, 501, 502, 504, 551, 554]);

/** Whether `error` is the server's word that it cannot begin within a file. */
export function refusesRestart({ kind, code, reply }: ClientError): boolean {
  return kind === "reply" && (NO_RESTART.has(code ?? 0) || /restart|resume|append/i.test(reply ?? ""));
}

/** Whether both have the same bytes. */
export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
