/**
 * Access rules as people write them, in the accounts file and on the command line.
 *
 * @module
 */

import { messageOf } from "../../net/message_of.ts";
import { type AccessGrant, type AccessRule, GRANTS, parseAccess } from "../../vfs/access_rules.ts";
import { isObject, quote, readFlag, readList, ValueError, within } from "./json_values.ts";

const RULE_FIELDS = ["path", "allow", "overwrite"];

/**
 * Reads `"rw"`, which applies to everything, or a list of rules, each an object of `path`, `allow` (as accepted by
 * `parseAccess`) and, where it differs from the default for those words, `overwrite`.
 *
 * @throws {ValueError}
 */
export function readRules(value: unknown): AccessRule[] {
  if (typeof value === "string") return [{ path: "/", ...readGrant(value) }];
  const rules = readList(value, readRule);
  if (rules.length === 0) throw new ValueError(`Must contain at least one rule; use "none" to grant nothing`);
  return rules;
}

/** What `grant` allows, in the fewest words that `parseAccess` reads back. */
export function describeGrant(grant: AccessGrant): string {
  for (const [name, known] of GRANTS) {
    if (known.overwrite === grant.overwrite && known.allow.symmetricDifference(grant.allow).size === 0) return name;
  }
  return [...grant.allow, ...(grant.overwrite ? [] : ["no-overwrite"])].join(",");
}

function readRule(value: unknown): AccessRule {
  if (!isObject(value)) throw new ValueError(`Must be an object with "path" and "allow", not ${quote(value)}`);
  for (const key of Object.keys(value)) {
    if (!RULE_FIELDS.includes(key)) {
      throw new ValueError(`Unknown field; the fields are ${RULE_FIELDS.join(", ")}`, `.${key}`);
    }
  }
  const path = within(".path", () => readPath(value.path));
  const { allow, overwrite } = within(".allow", () => readGrant(value.allow));
  if (value.overwrite === undefined) return { path, allow, overwrite };
  return { path, allow, overwrite: within(".overwrite", () => readFlag(value.overwrite)) };
}

function readGrant(value: unknown): AccessGrant {
  const words = typeof value === "string" ? value : readList(value, (item) => {
    if (typeof item !== "string") throw new ValueError(`Must be the name of a right, not ${quote(item)}`);
    return item;
  });
  try {
    return parseAccess(words);
  } catch (error) {
    throw new ValueError(messageOf(error));
  }
}

function readPath(value: unknown): string {
  const isPath = typeof value === "string" && (value === "/" || /^(\/[^/]+)+$/.test(value)) &&
    !value.split("/").some((part) => part === "." || part === "..");
  if (!isPath) throw new ValueError(`Must be a path such as "/" or "/incoming", not ${quote(value)}`);
  return value;
}
