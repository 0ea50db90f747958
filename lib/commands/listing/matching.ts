/**
 * The entries of a directory that a client's pattern asks for. A pattern can cause much work for every name and match
 * nothing, so the work is what is paced, not the result.
 *
 * @module
 */

import type { Pacer } from "../../data/pacing.ts";
import { compileGlob, type Glob } from "../../protocol/glob.ts";
import { VfsError } from "../../vfs/vfs.ts";

/** Steps of a pattern that take as long as looking at one file. */
const STEPS_PER_FILE = 800;

/**
 * The pattern `text` of a client. @throws {VfsError} `badName` for one that is longer than any name, or means too many.
 */
export function patternOf(text: string): Glob {
  return judged(() => compileGlob(text));
}

/**
 * Those of `batches` that `glob` matches by their names; all without it. @throws {VfsError} where that takes too long
 * for a name.
 */
export async function* matching<T>(
  batches: AsyncIterable<readonly T[]>,
  glob: Glob | undefined,
  { nameOf, pacer }: { readonly nameOf: (one: T) => string; readonly pacer: Pacer },
): AsyncGenerator<readonly T[], void> {
  if (!glob) return yield* batches;
  for await (const batch of batches) {
    const kept: T[] = [];
    for (const one of batch) {
      const before = glob.steps;
      if (judged(() => glob.matches(nameOf(one)))) kept.push(one);
      const files = (glob.steps - before) / STEPS_PER_FILE;
      // A little work is covered by what the file itself counts.
      if (files >= 1) await pacer.did(files);
    }
    yield kept;
  }
}

/** The result of `action`; if that takes too long, the pattern of the client is at fault. */
function judged<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof RangeError) throw new VfsError("badName", error.message, { cause: error });
    throw error;
  }
}
