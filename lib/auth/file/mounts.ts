/**
 * Mounts as people write them in the accounts file.
 *
 * @module
 */

import * as v from "valibot";
import { resolveRoot } from "../../vfs/root_url.ts";
import type { AccountMount } from "../accounts.ts";
import { accessRules, rulePath } from "./access_rules.ts";
import { accepted, amount, fieldMessage, mustBe, quote, text } from "./values.ts";

/** More would be looked through for every name. */
const MOST_MOUNTS = 64;

const A_PLACE = 'a path such as "/archive"';

const mount = v.strictObject({
  at: v.pipe(
    rulePath,
    v.check((path) => path !== "/", mustBe(A_PLACE)),
    v.description("Where the account sees it."),
  ),
  root: v.pipe(
    text,
    accepted((root) => void resolveRoot(root, ".")),
    v.description("What is shown there: a directory, relative to this file, or a URL such as memory:NAME."),
  ),
  permissions: v.pipe(
    accessRules.pipe[0],
    v.description("What the account may do there; paths of rules are relative to the mount."),
    accessRules.pipe[1],
  ),
  quota: v.pipe(
    v.exactOptional(amount),
    v.description("Total size of the files there, in bytes; that of the account does not count them."),
  ),
}, fieldMessage('an object with "at", "root" and "permissions"', () => ["at", "root", "permissions", "quota"]));

/** The mounts of an account. */
export const mountList = v.pipe(
  v.array(mount, mustBe("a list of mounts")),
  v.maxLength(MOST_MOUNTS, `Must not have more than ${MOST_MOUNTS} mounts`),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const places = dataset.value.map(({ at }) => at);
    const twice = places.find((at, index) => places.indexOf(at) < index);
    if (twice !== undefined) addIssue({ message: `Has two mounts at ${quote(twice)}` });
  }),
);

/** What {@link mountList} makes of a mount. */
export type MountFields = v.InferOutput<typeof mountList>[number];

/** The mount that `fields` describe; `directory` is that of the file. */
export function readMount({ permissions, root, ...fields }: MountFields, directory: string): AccountMount {
  return { ...fields, root, rootPath: resolveRoot(root, directory), rules: permissions };
}

/** What is wrong with rules of the account that a mount hides, for the field `permissions`. */
export function hiddenRuleProblem(
  rules: readonly { readonly path: string }[],
  mounts: readonly { readonly at: string }[],
): string | undefined {
  for (const { path } of rules) {
    const hider = mounts.find(({ at }) => path === at || path.startsWith(`${at}/`));
    if (hider === undefined) continue;
    return `The rule for ${quote(path)} is in the mount ${quote(hider.at)}: write it there, with its path in the mount`;
  }
  return undefined;
}
