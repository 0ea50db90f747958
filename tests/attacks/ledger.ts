/**
 * What became of uploads that met a fault, against what docs/reliability.md promises. The long form prints the rows of
 * its table.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { LONG } from "./stage.ts";

/** How the account stores uploads, which is its name as well. */
export type Mode = "safe" | "inPlace" | "atomic";

/** All of them. */
export const MODES: readonly Mode[] = ["safe", "inPlace", "atomic"];

/** An upload, and what was known before it. */
export interface Attempt {
  readonly mode: Mode;
  /** The file at the real path. */
  readonly path: string;
  /** What was there; `undefined`: a new name. */
  readonly before: Uint8Array | undefined;
  /** What the client sends. */
  readonly content: Uint8Array;
}

/** Bytes that differ from those of any other number. */
export function contentOf(number: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  const words = new Uint32Array(bytes.buffer, 0, size >> 2);
  let state = (number + 1) * 2654435761 >>> 0;
  for (let index = 0; index < words.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    words[index] = state;
  }
  return bytes;
}

/** The attempts that met one fault. */
export class Ledger {
  readonly #fault: string;
  #times = 0;
  #answered = 0;
  #replaced = 0;
  readonly #lost: string[] = [];

  constructor(fault: string) {
    this.#fault = fault;
  }

  /** Compares what is on disk with what the reply, if any came, has promised. */
  enter({ mode, path, before, content }: Attempt, code: number | undefined): void {
    this.#times++;
    if (code === 226) this.#answered++;
    const after = read(path);
    const isNew = after !== undefined && equal(after, content);
    const isOld = before === undefined ? after === undefined : after !== undefined && equal(after, before);
    const isPart = after !== undefined && after.length < content.length &&
      equal(after, content.subarray(0, after.length));
    const mayBePart = mode === "inPlace" || (mode === "safe" && before === undefined);
    if (code === 226 ? isNew : isNew || isOld || (mayBePart && isPart)) {
      if (before !== undefined && !isNew && !isOld) this.#replaced++;
      return;
    }
    const what = after === undefined ? "nothing" : `${after.length} bytes`;
    this.#lost.push(`${path}: ${mode}, over ${before?.length ?? "nothing"}, answered ${code}, has ${what}`);
  }

  /** Asserts that nothing was lost; in the long form, prints the row. */
  close(): void {
    const remark = this.#replaced > 0 ? `${this.#replaced} old files destroyed under \`inPlace\`` : "";
    const row = [this.#fault, this.#times, this.#answered, this.#lost.length, remark];
    if (LONG) Deno.stdout.writeSync(new TextEncoder().encode(`| ${row.join(" | ")} |\n`));
    assertEquals(this.#lost, []);
  }
}

function read(path: string): Uint8Array | undefined {
  try {
    return Deno.readFileSync(path);
  } catch {
    return undefined;
  }
}

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
