/**
 * Groups of accounts: fields that several accounts share.
 *
 * @module
 */

import { isObject, quote } from "./values.ts";

/** Fields of accounts, by group. */
export type Groups = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** The names in the field `group` of an account: one, or a list. */
export function groupNames(group: unknown): readonly string[] {
  const names = typeof group === "string" ? [group] : Array.isArray(group) ? group : [];
  return names.filter((name) => typeof name === "string");
}

/** What is wrong with the field `group` of an account; `undefined` if each group exists. */
export function groupProblem(group: unknown, groups: Groups): string | undefined {
  const unknown = groupNames(group).find((name) => !groups.has(name));
  if (unknown === undefined) return undefined;
  const known = [...groups.keys()].map((name) => quote(name)).join(", ");
  return `There is no group ${quote(unknown)}${known === "" ? ': the file has no "groups"' : `; there are ${known}`}`;
}

/**
 * `account` with the fields of its groups. A field is taken whole: from the account itself, else from the first of its
 * groups that has it.
 */
export function withGroups(account: Readonly<Record<string, unknown>>, groups: Groups): Record<string, unknown> {
  const inherited = groupNames(account.group).toReversed().flatMap((name) => Object.entries(groups.get(name) ?? {}));
  return Object.fromEntries([...inherited.filter(([field]) => field !== "comment"), ...Object.entries(account)]);
}

/** The groups of a file, not checked yet. */
export function groupsOf(value: unknown): Groups {
  return new Map(
    Object.entries(isObject(value) ? value : {}).map(([name, fields]) => [
      name,
      isObject(fields) ? fields : {},
    ]),
  );
}
