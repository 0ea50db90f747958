/**
 * The flags of `denoftpd user`, and their meaning for the accounts file.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { dirname, isAbsolute, relative, resolve } from "@std/path";
import { type AccountField, checkField } from "../../auth/file/schema.ts";
import { ValueError } from "../../auth/file/json_values.ts";
import { schemeOf } from "../../vfs/root_url.ts";
import { UsageError } from "../usage_error.ts";

/** The actions of `denoftpd user`. */
export const USER_ACTIONS = ["add", "set", "remove", "list", "check"] as const;

/** One of {@link USER_ACTIONS}. */
export type UserAction = typeof USER_ACTIONS[number];

/** Values for fields of an account; `undefined` removes the field. */
export type FieldChanges = ReadonlyMap<AccountField, unknown>;

/** A checked command line. */
export interface UserCommand {
  readonly action: UserAction;
  /** Empty for `list`. */
  readonly name: string;
  readonly file: string;
  readonly passwordFromStdin: boolean;
  readonly shortPasswordAllowed: boolean;
  readonly changes: FieldChanges;
}

interface ValueFlag {
  readonly field: AccountField;
  /** The value in JSON; `file` is the accounts file. */
  readonly toJson: (values: readonly string[], file: string) => unknown;
  /** May be given more than once. */
  readonly repeats?: true;
  /** The word `none` removes the field. */
  readonly removable?: true;
}

const VALUE_FLAGS: ReadonlyMap<string, ValueFlag> = new Map<string, ValueFlag>([
  ["root", { field: "root", toJson: ([root = ""], file) => rootFromFile(root, file) }],
  ["permissions", { field: "permissions", toJson: permissionsJson, repeats: true }],
  ["uploads", { field: "uploads", toJson: single }],
  ["broken-uploads", { field: "brokenUploads", toJson: single }],
  ["max-sessions", { field: "maxSessions", toJson: countJson, removable: true }],
  ["upload-rate", { field: "uploadRate", toJson: single, removable: true }],
  ["download-rate", { field: "downloadRate", toJson: single, removable: true }],
  ["quota", { field: "quota", toJson: single, removable: true }],
  ["valid-until", { field: "validUntil", toJson: single, removable: true }],
  ["allow-from", { field: "allowFrom", toJson: commaList, repeats: true, removable: true }],
  ["tls", { field: "tls", toJson: single }],
  ["comment", { field: "comment", toJson: single, removable: true }],
]);

const SWITCHES = ["password-stdin", "allow-short-password", "enable", "disable"];

/** The output of `denoftpd user --help`. */
export const USER_USAGE = `Usage: denoftpd user add|set|remove|check NAME --users FILE [flags]
       denoftpd user list --users FILE

  --users FILE             the accounts file; "add" creates it if there is none
  --password-stdin         read the password from the first line of stdin instead of asking for it
  --allow-short-password   accept a password of fewer than 8 characters
  --root DIR               the directory that the account sees as "/"
  --permissions WORDS      rw, ro, add, dropbox, none, or rights such as list,read,write; PATH=WORDS for a
                           subtree, after the general rule; may be repeated
  --uploads MODE           how uploads are written: inPlace or atomic
  --broken-uploads WHAT    what happens to aborted uploads: keep or delete
  --max-sessions N         concurrent sessions
  --upload-rate SIZE       bytes per second per session, such as "1 MiB"; also --download-rate
  --quota SIZE             total size of the account's files
  --valid-until DAY        last day on which the account is valid, such as 2030-12-31
  --allow-from NETWORKS    networks that may log in, such as 192.0.2.0/24,2001:db8::/32
  --tls WHEN               whether TLS is optional or required
  --comment TEXT           a note for administrators
  --enable, --disable      whether the account may log in

The word "none" removes a limit. The anonymous account is named "anonymous" and has no password.
`;

/** Parses the command line of `denoftpd user`. @throws {UsageError} */
export function parseUserCommand(args: readonly string[]): UserCommand {
  const flags = [...VALUE_FLAGS.keys()];
  const parsed = parseArgs(args, {
    string: ["_", "users", ...flags],
    boolean: SWITCHES,
    collect: flags,
    unknown: (argument, key) => {
      if (key !== undefined) throw new UsageError(`Unknown flag "${argument.replace(/=.*/s, "")}"`);
    },
  });
  const [action, name] = positionals(parsed._.map(String));
  const file = parsed.users;
  if (typeof file !== "string" || file === "") throw new UsageError("Flag --users must name the accounts file");
  if (parsed.enable === true && parsed.disable === true) {
    throw new UsageError("Flags --enable and --disable cannot be combined");
  }
  return {
    action,
    name,
    file,
    passwordFromStdin: parsed["password-stdin"] === true,
    shortPasswordAllowed: parsed["allow-short-password"] === true,
    changes: readChanges(parsed, file),
  };
}

function positionals([word, name, ...rest]: readonly string[]): [UserAction, string] {
  const action = USER_ACTIONS.find((action) => action === word);
  if (action === undefined) {
    throw new UsageError(`Action must be one of ${USER_ACTIONS.join(", ")}, not "${word ?? ""}"`);
  }
  const extra = action === "list" ? name : rest[0];
  if (extra !== undefined) throw new UsageError(`Unexpected argument "${extra}"`);
  if (action !== "list" && (name === undefined || name === "")) throw new UsageError(`Action "${action}" needs a name`);
  return [action, name ?? ""];
}

function readChanges(parsed: Readonly<Record<string, unknown>>, file: string): FieldChanges {
  const changes = new Map<AccountField, unknown>();
  for (const [flag, row] of VALUE_FLAGS) {
    const given = parsed[flag];
    const values = Array.isArray(given) ? given.map(String) : [];
    if (values.length > 0) changes.set(row.field, readValue(flag, row, { values, file }));
  }
  if (parsed.enable === true) changes.set("enabled", undefined);
  if (parsed.disable === true) changes.set("enabled", false);
  return changes;
}

function readValue(flag: string, row: ValueFlag, given: { values: readonly string[]; file: string }): unknown {
  const { values, file } = given;
  if (values.includes("")) throw new UsageError(`Flag --${flag} needs a value`);
  if (values.length > 1 && row.repeats === undefined) throw new UsageError(`Flag --${flag} was given more than once`);
  if (row.removable && values.length === 1 && values[0] === "none") return undefined;
  const value = row.toJson(values, file);
  try {
    checkField(row.field, value);
  } catch (error) {
    throw error instanceof ValueError ? new UsageError(`Flag --${flag}: ${error.message}`) : error;
  }
  return value;
}

function single([value]: readonly string[]): unknown {
  return value;
}

/** Anything but a number stays text, for the message to quote. */
function countJson([text = ""]: readonly string[]): unknown {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function commaList(values: readonly string[]): unknown {
  return values.flatMap((value) => value.split(",")).map((part) => part.trim());
}

/** In the file a root is relative to the file; on the command line it is relative to the working directory. */
function rootFromFile(root: string, file: string): string {
  if (root === "" || isAbsolute(root) || schemeOf(root) !== undefined) return root;
  const path = relative(dirname(resolve(file)), resolve(root));
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
