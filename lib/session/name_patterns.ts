/**
 * The names that an account must not see or use, from its patterns.
 *
 * @module
 */

import type { Account } from "../auth/accounts.ts";
import { compileGlob } from "../protocol/glob.ts";
import type { NameFilter } from "../vfs/name_filter.ts";

/** The filter of `account`; `undefined` if it has no patterns. @throws {RangeError} for a pattern that is too long. */
export function nameFilterOf({ hide, deny }: Pick<Account, "hide" | "deny">): NameFilter | undefined {
  if (hide.length === 0 && deny.length === 0) return undefined;
  return { hides: matcherOf(hide), denies: matcherOf(deny) };
}

/** A name that takes too long to judge counts as matching: in doubt nothing is shown. */
function matcherOf(patterns: readonly string[]): (name: string) => boolean {
  const globs = patterns.map((pattern) => compileGlob(folded(pattern), { matchesDots: true }));
  return (name) => {
    const text = folded(name);
    try {
      return globs.some((glob) => glob.matches(text));
    } catch (error) {
      if (error instanceof RangeError) return true;
      throw error;
    }
  };
}

/** `PHOTO.EXE` is the same program as `photo.exe` where it is served from. */
function folded(text: string): string {
  return text.normalize("NFC").toLowerCase();
}
