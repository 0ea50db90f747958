/**
 * Finds the line of the accounts file that has a rule or a field of an account.
 *
 * @module
 */

import { type Account, canonicalName } from "../auth/accounts.ts";
import { groupNames, groupsOf } from "../auth/file/groups.ts";
import { parseDocument } from "../auth/file/read.ts";
import { isObject } from "../auth/file/values.ts";

/** What to look for: the rule for a path of the whole tree, or a field of the account. */
export interface Wanted {
  /** The virtual path that the rule decides about. */
  readonly path: string;
  readonly rule?: string | undefined;
  readonly field?: string | undefined;
}

type Keys = readonly (string | number)[];

/** The line of `text`, from 1, that has what is wanted; `undefined` if it is a default, which is nowhere. */
export function lineIn(
  text: string,
  file: string,
  account: Account,
  { path, rule, field }: Wanted,
): number | undefined {
  const document = parseDocument(text, file);
  const index = document.accounts.findIndex((each) =>
    isObject(each) && typeof each["name"] === "string" && canonicalName(each["name"]) === account.name
  );
  const found = document.accounts[index];
  if (!isObject(found)) return undefined;
  /** In the account itself, or in the first of its groups that has the field. */
  const place = (name: string): Keys | undefined => {
    if (found[name] !== undefined) return ["accounts", index, name];
    const group = groupNames(found["group"]).find((each) => groupsOf(document.groups).get(each)?.[name] !== undefined);
    return group === undefined ? undefined : ["groups", group, name];
  };
  if (field !== undefined) return lineAt(text, place(field));
  return rule === undefined ? undefined : lineAt(text, ...ruleKeys(account, { path, rule }, place));
}

/** The keys of a rule, and after them those of all rules, for one that is a word and not in a list. */
function ruleKeys(
  { rules, mounts }: Account,
  { path, rule }: { readonly path: string; readonly rule: string },
  place: (field: string) => Keys | undefined,
): (Keys | undefined)[] {
  const isBelow = (at: string) => path === at || path.startsWith(`${at}/`);
  const mount = mounts.filter(({ at }) => isBelow(at)).toSorted((one, other) => other.at.length - one.at.length)[0];
  if (mount === undefined) {
    const all = place("permissions");
    return [all && [...all, rules.findLastIndex((each) => each.path === rule)], all];
  }
  const inMount = rule === mount.at ? "/" : rule.slice(mount.at.length);
  const list = place("mounts");
  const all = list && [...list, mounts.indexOf(mount), "permissions"];
  return [all && [...all, mount.rules.findLastIndex((each) => each.path === inMount)], all];
}

function lineAt(text: string, ...candidates: readonly (Keys | undefined)[]): number | undefined {
  for (const keys of candidates) {
    const offset = keys && new Finder(text).find(keys);
    if (offset !== undefined) return text.slice(0, offset).split("\n").length;
  }
  return undefined;
}

/** Finds values in text that is known to be JSON. */
class Finder {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    // A byte order mark.
    this.#text = text.replace(/^\ufeff/, " ");
  }

  /** The offset of the value at `keys`; `undefined` if there is none. */
  find(keys: Keys): number | undefined {
    this.#space();
    const [key, ...rest] = keys;
    if (key === undefined) return this.#at;
    const open = this.#text[this.#at];
    if (open !== "{" && open !== "[") return undefined;
    this.#at++;
    for (let index = 0;; index++) {
      this.#space();
      const next = this.#text[this.#at];
      if (next === "}" || next === "]" || next === undefined) return undefined;
      if (next === ",") {
        this.#at++;
        this.#space();
      }
      const name = open === "{" ? this.#name() : index;
      if (name === key) return this.find(rest);
      this.#skip();
    }
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at++;
  }

  /** The name of a member, after which its value begins. */
  #name(): string {
    const start = this.#at;
    this.#string();
    const name: unknown = JSON.parse(this.#text.slice(start, this.#at));
    this.#space();
    this.#at++;
    return String(name);
  }

  #string(): void {
    for (this.#at++; this.#text[this.#at] !== '"'; this.#at++) if (this.#text[this.#at] === "\\") this.#at++;
    this.#at++;
  }

  /** A value of any kind. */
  #skip(): void {
    let depth = 0;
    do {
      this.#space();
      const next = this.#text[this.#at] ?? "";
      if (next === '"') this.#string();
      else {
        if (next === "{" || next === "[") depth++;
        else if (next === "}" || next === "]") depth--;
        this.#at++;
        if (/[\w+.-]/.test(next)) { while (/[\w+.-]/.test(this.#text[this.#at] ?? "")) this.#at++; }
      }
    } while (depth > 0);
  }
}
