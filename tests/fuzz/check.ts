/**
 * How a property is run, and what a failure says.
 *
 * @module
 */

import fc from "fast-check";

/** Inputs that are still to be made. */
export class Budget {
  readonly seed: number;
  #left: number;
  #spent = 0;

  constructor(inputs: number, seed: number) {
    this.#left = inputs;
    this.seed = seed;
  }

  /** May be below 0. */
  get left(): number {
    return this.#left;
  }

  get spent(): number {
    return this.#spent;
  }

  spend(count: number): void {
    this.#left -= count;
    this.#spent += count;
  }
}

/** A property and how often it is tried. */
export interface Trial<T> {
  /** Names the file of the corpus, see `fuzz.ts`. */
  readonly what: string;
  readonly property: fc.IAsyncProperty<[T]> | fc.IProperty<[T]>;
  readonly seed: number;
  readonly runs: number;
  /** Tried first: what has once failed. */
  readonly examples?: readonly T[];
}

/** Input that breaks a promise, made as small as it gets. */
export class Finding extends Error {
  override readonly name = "Finding";
}

/** @throws {Finding} with the seed, and the input as it goes into the corpus. */
export async function check<T>({ what, property, seed, runs, examples = [] }: Trial<T>): Promise<void> {
  const result = await fc.check(property, {
    seed,
    numRuns: runs + examples.length,
    examples: examples.map((each): [T] => [each]),
    // A counterexample that takes seconds to fail is good enough after a minute of making it smaller.
    interruptAfterTimeLimit: 600_000,
  });
  if (!result.failed) return;
  const [input] = result.counterexample ?? [];
  const reason = result.errorInstance instanceof Error ? result.errorInstance.stack : String(result.errorInstance);
  throw new Finding(
    `${what}, --seed ${seed}: ${reason}\n` +
      `for tests/fuzz/corpus/${what}.json: ${JSON.stringify(input)}`,
  );
}
