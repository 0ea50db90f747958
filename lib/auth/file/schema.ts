/**
 * The fields of an account in the accounts file, as one schema: it checks each value, turns it into a field of the
 * account, and describes it to `docs/users.schema.json` and to the usage of `denoftpd user`.
 *
 * @module
 */

import * as v from "valibot";
import { type Account, ACCOUNT_DEFAULTS, ANONYMOUS, canonicalName, createAccount } from "../accounts.ts";
import { foreignHashProblem } from "../hashes/kinds.ts";
import { isPasswordHash, PASSWORD_SCHEMES } from "../password.ts";
import { type AccessRule, parseAccess } from "../../vfs/access_rules.ts";
import { EMPTY_ROOT, nameInRoot, resolveRoot } from "../../vfs/root_url.ts";
import { accessRules } from "./access_rules.ts";
import { groupProblem, type Groups, withGroups } from "./groups.ts";
import { hiddenRuleProblem, type MountFields, mountList, readMount } from "./mounts.ts";
import {
  accepted,
  amount,
  choice,
  count,
  end,
  fieldMessage,
  flag,
  isObject,
  mask,
  mustBe,
  networks,
  patterns,
  problemsOf,
  quote,
  text,
  type ValueProblem,
  welcome,
} from "./values.ts";

const NO_HASH = `Must be a hash (${PASSWORD_SCHEMES.join(", ")}) of bounded cost, as written by "denoftpd user set"`;

/** The message never includes the value: it may be a password in plain text. */
function hashMessage({ input }: v.BaseIssue<unknown>): string {
  const known = typeof input === "string" ? foreignHashProblem(input) : undefined;
  return known === undefined ? NO_HASH : `${known}, and not supported: give the account a new password`;
}

/** Every field, in the order in which a new account is written. */
const FIELDS = {
  name: v.pipe(
    text,
    v.description(`the name to log in with; "${ANONYMOUS}" also accepts "ftp", and any password`),
    v.check((name) => name.trim() === name, ({ input }) => `Must not begin or end with a space: ${quote(input)}`),
    v.check(
      (name) => name === ANONYMOUS || canonicalName(name) !== ANONYMOUS,
      mustBe(`"${ANONYMOUS}", the name that also accepts "ftp"`),
    ),
    v.transform(canonicalName),
  ),
  group: v.pipe(
    v.exactOptional(v.union([text, v.array(text)], mustBe("the name of a group, or a list of names"))),
    v.description("a group, or a list of groups: fields that the account lacks come from the first that has them"),
  ),
  password: v.pipe(
    v.exactOptional(v.pipe(v.string(NO_HASH), v.check(isPasswordHash, hashMessage))),
    v.metadata({ pattern: `^\\$(${PASSWORD_SCHEMES.join("|")})\\$` }),
    v.description('a hash, as written by "denoftpd user add" and "denoftpd user set"; never the password itself'),
  ),
  root: v.pipe(
    v.exactOptional(v.pipe(text, accepted((root) => void resolveRoot(root, ".")))),
    v.description(
      'what the account sees as "/": a directory, relative to this file, or a URL such as memory:NAME or s3://BUCKET/PREFIX',
    ),
  ),
  permissions: v.pipe(
    v.exactOptional(accessRules),
    v.description(
      "what the account may do: rw, ro, add, dropbox, none, or rights such as list,read,write; or a list of rules, " +
        "the general ones first: the last one that covers a path decides",
    ),
  ),
  mounts: v.pipe(
    v.exactOptional(mountList),
    v.description('directories from elsewhere: objects of "at", "root" and "permissions"'),
  ),
  uploads: v.pipe(
    v.exactOptional(choice("safe", "inPlace", "atomic"), ACCOUNT_DEFAULTS.uploads),
    v.description(
      "how uploads are written: safe (a new file under its name, so that it can be resumed; an existing one stays " +
        "until the new one is complete), inPlace (always under their name) or atomic (always hidden until complete)",
    ),
  ),
  brokenUploads: v.pipe(
    v.exactOptional(choice("keep", "delete")),
    v.description("what happens to aborted uploads: keep or delete (default: keep, but delete with atomic)"),
  ),
  maxSessions: v.pipe(v.exactOptional(count), v.description("concurrent sessions")),
  uploadRate: v.pipe(v.exactOptional(amount), v.description('bytes per second per session, such as "1 MiB"')),
  downloadRate: v.pipe(v.exactOptional(amount), v.description('bytes per second per session, such as "1 MiB"')),
  totalUploadRate: v.pipe(
    v.exactOptional(amount),
    v.description("bytes per second of all sessions of the account together"),
  ),
  totalDownloadRate: v.pipe(
    v.exactOptional(amount),
    v.description("bytes per second of all sessions of the account together"),
  ),
  quota: v.pipe(v.exactOptional(amount), v.description("total size of the account's files, in bytes")),
  maxFileSize: v.pipe(v.exactOptional(amount), v.description("size of each file that is uploaded, in bytes")),
  umask: v.pipe(
    v.exactOptional(mask),
    v.description('bits that new files do not get, in octal, such as "027" (default: those of the process)'),
  ),
  directoryUmask: v.pipe(
    v.exactOptional(mask),
    v.description('bits that new directories do not get, in octal, such as "027" (default: those of the process)'),
  ),
  hide: v.pipe(
    v.exactOptional(patterns),
    v.description("patterns of names that do not exist for the account, such as .git"),
  ),
  deny: v.pipe(
    v.exactOptional(patterns),
    v.description("patterns of names that are listed and refused for every use, such as *.exe"),
  ),
  welcome: v.pipe(
    v.exactOptional(welcome),
    v.description("text that a login is greeted with, or a list of lines; %u is the name of the account"),
  ),
  enabled: v.pipe(v.exactOptional(flag, ACCOUNT_DEFAULTS.enabled), v.description("whether the account may log in")),
  validUntil: v.pipe(
    v.exactOptional(end),
    v.description("last day on which the account is valid (UTC), such as 2030-12-31, or a time with its zone"),
  ),
  allowFrom: v.pipe(
    v.exactOptional(networks),
    v.description("addresses and networks that may log in, such as 192.0.2.0/24 (default: all)"),
  ),
  tls: v.pipe(
    v.exactOptional(choice("optional", "required"), ACCOUNT_DEFAULTS.tls),
    v.description("whether TLS is optional or required for logins"),
  ),
  comment: v.pipe(v.exactOptional(text), v.description("a note for administrators")),
};

/** The name of a field in the file. */
export type AccountField = keyof typeof FIELDS;

/** Every field, in the order in which a new account is written. */
// `Object.keys` forgets the type of the keys.
export const ACCOUNT_FIELDS = Object.keys(FIELDS) as readonly AccountField[];

/** The schema of one account. */
export const accountSchema = v.pipe(
  v.strictObject(FIELDS, fieldMessage("an object", () => ACCOUNT_FIELDS)),
  v.metadata({
    if: { properties: { name: { const: ANONYMOUS } } },
    then: { properties: { password: false } },
    else: { required: ["password"] },
    anyOf: [{ required: ["root", "permissions"] }, { required: ["mounts"] }, { required: ["group"] }],
  }),
  v.rawCheck(({ dataset: { value }, addIssue }) => {
    for (const [key, message] of contradictions(isObject(value) ? value : {})) {
      const at: v.IssuePathItem = { type: "unknown", origin: "value", input: value, key, value: undefined };
      addIssue({ message, path: [at] });
    }
  }),
);

/** What is wrong with fields together, by field. With other problems the account lacks their fields. */
function contradictions(account: Readonly<Record<string, unknown>>): [AccountField, string][] {
  const { name, password, root, permissions, mounts = [] } = account;
  const needsRoot = root !== undefined || (Array.isArray(mounts) && mounts.length === 0);
  const problems: [AccountField, string | undefined][] = [
    ["root", needsRoot && root === undefined ? "Is missing" : undefined],
    ["permissions", needsRoot && permissions === undefined ? "Is missing" : undefined],
    ["password", passwordProblem(name, password)],
  ];
  return problems.flatMap(([field, message]) => message === undefined ? [] : [[field, message]]);
}

function passwordProblem(name: unknown, password: unknown): string | undefined {
  if (name !== ANONYMOUS) return password === undefined ? "Is missing" : undefined;
  return password === undefined ? undefined : `Not allowed: any password opens the account "${ANONYMOUS}"`;
}

/** Of a root that has only mounts. */
const SEEN: readonly AccessRule[] = [{ path: "/", ...parseAccess("ro") }];

/** One account as it is in the file, in JSON. */
export type AccountJson = { name: string } & Partial<Record<AccountField, unknown>>;

/** What the field is for, beginning in lower case and without a full stop. */
export function describeField(field: AccountField): string {
  return v.getDescription(FIELDS[field]) ?? "";
}

/**
 * The account that `value` describes, with the fields of its groups, or everything that is wrong with it. `directory`
 * is the directory of the file.
 */
export function readAccount(value: unknown, directory: string, groups: Groups): Account | ValueProblem[] {
  if (!isObject(value)) return [{ at: "", message: `Must be an object, not ${quote(value)}` }];
  const noGroup = groupProblem(value.group, groups);
  if (noGroup !== undefined) return [{ at: "group", message: noGroup }];
  const { success, output, issues } = v.safeParse(accountSchema, withGroups(value, groups));
  if (!success) return problemsOf(issues);
  const { password, permissions = SEEN, mounts = [], group: _, comment: __, ...account } = output;
  const hidden = hiddenRuleProblem(permissions, mounts);
  if (hidden !== undefined) return [{ at: "permissions", message: hidden }];
  const named = namedRoots(account.root ?? EMPTY_ROOT, mounts, account.name);
  if ("at" in named) return [named];
  return createAccount({
    ...account,
    ...(password !== undefined && { passwordHash: password }),
    root: named.root,
    rootPath: resolveRoot(named.root, directory),
    rules: permissions,
    mounts: named.mounts.map((mount) => readMount(mount, directory)),
  });
}

/** The roots of an account with its name in place of `%u`, or what is wrong with that. */
function namedRoots(
  root: string,
  mounts: readonly MountFields[],
  name: string,
): { readonly root: string; readonly mounts: readonly MountFields[] } | ValueProblem {
  let at = "root";
  try {
    const own = nameInRoot(root, name);
    return {
      root: own,
      mounts: mounts.map((mount, index) => {
        at = `mounts[${index}].root`;
        return { ...mount, root: nameInRoot(mount.root, name) };
      }),
    };
  } catch (error) {
    if (error instanceof RangeError) return { at, message: error.message };
    throw error;
  }
}

/** What no group can say: who an account is. */
const OF_ONE_ACCOUNT = ["name", "password", "group"] as const satisfies readonly AccountField[];

const { name, password: _, ...changeable } = FIELDS;

/** The name of an account. */
export const accountNameSchema = name;

/** The fields of an account that can be changed one by one: all but its name and its password. */
export const changeableFields = changeable;

const { group: __, ...SHARED } = changeable;

/** The schema of a group: any fields of an account but those of one account alone. */
export const groupSchema = v.strictObject(
  SHARED,
  fieldMessage("an object", () => ACCOUNT_FIELDS.filter((field) => !OF_ONE_ACCOUNT.some((own) => own === field))),
);

/** What is wrong with the fields that a group gives to its accounts. */
export function problemsOfGroup(value: unknown): ValueProblem[] {
  return problemsOf(v.safeParse(groupSchema, value).issues ?? []);
}

/** Checks one value on its own, as the `user` command does with its flags. Returns what is wrong with it. */
export function problemWith(field: AccountField, value: unknown): string | undefined {
  const { issues = [] } = v.safeParse(FIELDS[field], value);
  return problemsOf(issues)[0]?.message;
}
