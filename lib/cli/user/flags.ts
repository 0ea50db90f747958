/**
 * The flags of `denoftpd user`, and their meaning for the accounts file.
 *
 * @module
 */

import { dirname, isAbsolute, relative, resolve } from "@std/path";
import { type AccountField, describeField, problemWith } from "../../auth/file/schema.ts";
import { isDatabaseUrl } from "../../auth/postgres/url.ts";
import { didYouMean } from "../../net/similar.ts";
import { USERS_FALLBACK, usersOrDefault } from "../accounts.ts";
import { PROOF_FLAGS } from "../admin/address.ts";
import { type AdminClient, clientOf } from "../admin/client.ts";
import { type Flag, flagLines, flagNameOf, type GivenFlags, readFlags } from "../flags.ts";
import { schemeOf } from "../../vfs/root_url.ts";
import { UsageError } from "../usage_error.ts";

/** The actions of `denoftpd user`. */
export const USER_ACTIONS = ["add", "set", "passwd", "remove", "list", "check", "import", "export"] as const;

/** One of {@link USER_ACTIONS}. */
export type UserAction = typeof USER_ACTIONS[number];

/** Values for fields of an account; `undefined` removes the field. */
export type FieldChanges = ReadonlyMap<AccountField, unknown>;

/** A checked command line. */
export interface UserCommand {
  readonly action: UserAction;
  /** Empty for `list`; the file of `import` and `export`. */
  readonly name: string;
  /** The accounts file, or the URL of a database. */
  readonly users: string;
  /** `import`: accounts that are there already are replaced. */
  readonly replaces: boolean;
  /** `--root` as it was given. */
  readonly root: string | undefined;
  readonly createsRoot: boolean;
  readonly passwordGenerated: boolean;
  readonly passwordFromStdin: boolean;
  readonly shortPasswordAllowed: boolean;
  readonly changes: FieldChanges;
  /** The running server that makes the change; absent: the file is changed here. */
  readonly client: AdminClient | undefined;
}

/** A flag that sets a field of the account. */
interface FieldFlag extends Flag {
  readonly field: AccountField;
  /** The value in JSON; `users` is the accounts file, or the URL of a database. */
  readonly toJson: (values: readonly string[], users: string) => unknown;
  /** The word `none` removes the field. */
  readonly removable?: true;
}

function fieldFlag(
  field: AccountField,
  value: string,
  more: Partial<Pick<FieldFlag, "help" | "toJson" | "repeats" | "removable">> = {},
): FieldFlag {
  return { name: flagNameOf(field), value, field, help: describeField(field), toJson: ([text]) => text, ...more };
}

const LIST = { repeats: true, removable: true } as const;

const FIELD_FLAGS: readonly FieldFlag[] = [
  fieldFlag("root", "DIR", {
    help: 'what the account sees as "/": a directory, or a URL such as memory:NAME or s3://BUCKET/PREFIX',
    toJson: ([root = ""], users) => rootSeenFrom(root, users),
  }),
  fieldFlag("permissions", "WORDS", {
    help:
      "rw, ro, add, dropbox, none, or rights such as list,read,write; PATH=WORDS for a subtree, after the general " +
      "rule; may be repeated",
    toJson: permissionsJson,
    repeats: true,
  }),
  fieldFlag("uploads", "MODE"),
  fieldFlag("brokenUploads", "WHAT"),
  fieldFlag("maxSessions", "N", { toJson: countJson, removable: true }),
  fieldFlag("uploadRate", "SIZE", { removable: true }),
  fieldFlag("downloadRate", "SIZE", { removable: true }),
  fieldFlag("totalUploadRate", "SIZE", { removable: true }),
  fieldFlag("totalDownloadRate", "SIZE", { removable: true }),
  fieldFlag("quota", "SIZE", { removable: true }),
  fieldFlag("maxFileSize", "SIZE", { removable: true }),
  fieldFlag("umask", "OCTAL", { removable: true }),
  fieldFlag("directoryUmask", "OCTAL", { removable: true }),
  fieldFlag("hide", "PATTERN", { help: `${describeField("hide")}; may be repeated`, toJson: all, ...LIST }),
  fieldFlag("deny", "PATTERN", { help: `${describeField("deny")}; may be repeated`, toJson: all, ...LIST }),
  fieldFlag("welcome", "TEXT", { help: "a line that a login is greeted with; may be repeated", toJson: all, ...LIST }),
  fieldFlag("group", "NAMES", {
    help: "groups of the file, the first that has a field wins",
    toJson: commaList,
    ...LIST,
  }),
  fieldFlag("validUntil", "DAY", { removable: true }),
  fieldFlag("allowFrom", "NETWORKS", {
    help: "networks that may log in, such as 192.0.2.0/24,2001:db8::/32",
    toJson: commaList,
    repeats: true,
    removable: true,
  }),
  fieldFlag("tls", "WHEN"),
  fieldFlag("comment", "TEXT", { removable: true }),
];

const OTHER_FLAGS = [
  {
    name: "users",
    value: "FILE|URL",
    help:
      `the accounts file, or postgres://USER@HOST/DATABASE; "add" creates a file if there is none (${USERS_FALLBACK})`,
  },
  { name: "admin", value: "ADDR", help: "have a running server make the change: HOST:PORT or unix:PATH" },
  ...PROOF_FLAGS,
  { name: "password-stdin", help: "read the password from the first line of stdin instead of asking for it" },
  { name: "generate", help: "make a random password and print it" },
  { name: "create-root", help: "create the directory that --root names" },
  { name: "allow-short-password", help: "accept a password of fewer than 8 characters" },
  { name: "replace", help: "import: replace accounts and groups that are there already" },
  { name: "enable", help: "allow the account to log in, which is the default" },
  { name: "disable", help: "refuse its logins" },
] as const satisfies readonly Flag[];

/** The flags of `denoftpd user`. */
export const USER_FLAGS: readonly Flag[] = [...OTHER_FLAGS, ...FIELD_FLAGS];

/** The output of `denoftpd user --help`. */
export const USER_USAGE = `Usage: denoftpd user add|set|passwd|remove|check NAME [flags]
       denoftpd user list [--users FILE|URL]
       denoftpd user import FILE [--replace] [--users FILE|URL]
       denoftpd user export FILE|- [--users FILE|URL]

${flagLines(USER_FLAGS)}
"add" needs --root; without --permissions the account may read and write (rw). "passwd" changes only the password.
The word "none" removes a limit. "import" takes over all accounts and groups of an accounts file, or none; "export"
writes all to a new one, or to standard output. With --admin the running server changes its own file, and uses it at once. The anonymous account is named "anonymous" and has no password.
`;

/** Parses the command line of `denoftpd user`. @throws {UsageError} */
export function parseUserCommand(args: readonly string[]): UserCommand {
  const given = readFlags<Flag>(args, {
    command: "user",
    flags: USER_FLAGS,
    most: 2,
  });
  const [action, name] = positionals(given.rest);
  const users = usersOrDefault(given.text("users"));
  if (given.isOn("enable") && given.isOn("disable")) {
    throw new UsageError('Flags "--enable" and "--disable" cannot be combined');
  }
  if (given.isOn("generate") && given.isOn("password-stdin")) {
    throw new UsageError('Flags "--generate" and "--password-stdin" cannot be combined');
  }
  return {
    action,
    name,
    users,
    replaces: given.isOn("replace"),
    root: given.text("root"),
    createsRoot: given.isOn("create-root"),
    passwordGenerated: given.isOn("generate"),
    passwordFromStdin: given.isOn("password-stdin"),
    shortPasswordAllowed: given.isOn("allow-short-password"),
    changes: readChanges(given, users),
    client: client(given),
  };
}

function client(given: GivenFlags<Flag>): AdminClient | undefined {
  if (given.text("admin") === undefined) {
    const alone = PROOF_FLAGS.find(({ name }) => given.text(name) !== undefined);
    if (alone === undefined) return undefined;
    throw new UsageError(`Flag "--${alone.name}" needs "--admin"`);
  }
  for (const name of ["users", "create-root"]) {
    const isGiven = name === "users" ? given.text(name) !== undefined : given.isOn(name);
    if (isGiven) throw new UsageError(`Flag "--${name}" is for a file: a server at --admin has its own`);
  }
  return clientOf(given);
}

function positionals([word, name]: readonly string[]): [UserAction, string] {
  const action = USER_ACTIONS.find((action) => action === word);
  if (action === undefined) {
    if (word === undefined) throw new UsageError(`Action is missing: one of ${USER_ACTIONS.join(", ")}`);
    const hint = didYouMean(word, USER_ACTIONS);
    throw new UsageError(`Action must be one of ${USER_ACTIONS.join(", ")}, not "${word}"${hint}`);
  }
  if (action === "list" && name !== undefined) throw new UsageError(`Unexpected argument "${name}"`);
  if (action !== "list" && (name === undefined || name === "")) {
    throw new UsageError(`Action "${action}" needs a ${action === "import" || action === "export" ? "file" : "name"}`);
  }
  return [action, name ?? ""];
}

function readChanges(given: GivenFlags<Flag>, users: string): FieldChanges {
  const changes = new Map<AccountField, unknown>();
  for (const flag of FIELD_FLAGS) {
    const values = given.texts(flag.name);
    if (values.length > 0) changes.set(flag.field, readValue(flag, { values, users }));
  }
  if (given.isOn("enable")) changes.set("enabled", undefined);
  if (given.isOn("disable")) changes.set("enabled", false);
  return changes;
}

function readValue(
  flag: FieldFlag,
  { values, users }: { readonly values: readonly string[]; readonly users: string },
): unknown {
  if (flag.removable && values.length === 1 && values[0] === "none") return undefined;
  const value = flag.toJson(values, users);
  const problem = problemWith(flag.field, value);
  if (problem !== undefined) throw new UsageError(`Flag "--${flag.name}": ${problem}`);
  return value;
}

/** Anything but a number stays text, for the message to quote. */
function countJson([text = ""]: readonly string[]): unknown {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function all(values: readonly string[]): unknown {
  return values;
}

function commaList(values: readonly string[]): unknown {
  return values.flatMap((value) => value.split(",")).map((part) => part.trim());
}

/**
 * In the file a root is relative to the file; on the command line it is relative to the working directory. Nodes that
 * share a database have none in common.
 */
function rootSeenFrom(root: string, users: string): string {
  if (root === "" || isAbsolute(root) || schemeOf(root) !== undefined) return root;
  if (isDatabaseUrl(users)) return resolve(root);
  const path = relative(dirname(resolve(users)), resolve(root));
  return path.startsWith("..") ? path : `./${path}`;
}

/**
 * `rw` applies to everything; `/incoming=dropbox` to a part. One rule for everything stays a plain word in the file.
 */
function permissionsJson(values: readonly string[]): unknown {
  const [first = ""] = values;
  if (values.length === 1 && !first.startsWith("/")) return first;
  return values.map((value) => {
    const equals = value.lastIndexOf("=");
    return value.startsWith("/") && equals > 0
      ? { path: value.slice(0, equals), allow: value.slice(equals + 1) }
      : { path: "/", allow: value };
  });
}
