/**
 * Access rules as people write them, in the accounts file and on the command line.
 *
 * @module
 */

import * as v from "valibot";
import { type AccessGrant, type AccessRule, GRANTS, parseAccess } from "../../vfs/access_rules.ts";
import { accepted, fieldMessage, flag, mustBe } from "./values.ts";

/** The forms of a grant: words in a string, or a list of them. */
const words = v.pipe(v.string(), accepted<string>(parseAccess));
const wordList = v.pipe(
  v.array(v.string(mustBe("the name of a right"))),
  v.metadata({ minItems: 1 }),
  accepted<string[]>(parseAccess),
);

/** A virtual path. */
export const rulePath = v.pipe(
  v.string(mustBe('a path such as "/" or "/incoming"')),
  v.regex(/^\/($|([^/]+(\/[^/]+)*$))/, mustBe('a path such as "/" or "/incoming"')),
  v.check((value) => !/(^|\/)\.\.?(\/|$)/.test(value), mustBe('a path such as "/" or "/incoming"')),
);

const rule = v.pipe(
  v.strictObject(
    {
      path: v.pipe(rulePath, v.description("The rule covers the tree below this path.")),
      allow: v.union([words, wordList], mustBe('words such as "ro", or a list of rights')),
      overwrite: v.pipe(v.exactOptional(flag), v.description("Whether existing files may be replaced.")),
    },
    fieldMessage('an object with "path" and "allow"', () => ["path", "allow", "overwrite"]),
  ),
  v.transform(({ allow, ...given }): AccessRule => ({ ...parseAccess(allow), ...given })),
);

/**
 * `"rw"`, which applies to everything, or a list of rules, each an object of `path`, `allow` (as accepted by
 * `parseAccess`) and, where it differs from the default for those words, `overwrite`.
 */
export const accessRules = v.pipe(
  v.union([
    words,
    v.pipe(v.array(rule), v.minLength(1, 'Must contain at least one rule; use "none" to grant nothing')),
  ], mustBe('words such as "rw", or a list of rules')),
  v.transform((given): readonly AccessRule[] =>
    typeof given === "string" ? [{ path: "/", ...parseAccess(given) }] : given
  ),
);

/** What `grant` allows, in the fewest words that `parseAccess` reads back. */
export function describeGrant(grant: AccessGrant): string {
  for (const [name, known] of GRANTS) {
    if (known.overwrite === grant.overwrite && known.allow.symmetricDifference(grant.allow).size === 0) return name;
  }
  return [...grant.allow, ...(grant.overwrite ? [] : ["no-overwrite"])].join(",");
}
