/**
 * How the argument of a command is read: each row of the table names one of these rules, so that handlers never check for a
 * missing argument or resolve a path. The argument is everything behind the first space, untouched.
 *
 * @module
 */

import * as reply from "../protocol/reply.ts";
import { resolvePath } from "../vfs/virtual_path.ts";
import type { VirtualPath } from "../vfs/vfs.ts";
import type { CommandContext } from "./context.ts";

/** Reads an argument, or gives the reply that refuses it. */
export interface ArgumentRule<A> {
  /** Shown by the table test and the docs: `none`, `optional` or `required`. */
  readonly name: "none" | "optional" | "required";
  readonly parse: (text: string | undefined, context: CommandContext) => A | reply.Reply;
  /** The path that permissions are about, where the argument is or holds one. */
  readonly path?: (argument: A) => VirtualPath | undefined;
}

const missing = reply.badArgument("An argument is required");

/** Nothing; a stray argument is ignored, as old clients send some (RFC 1123 section 4.1.2 is silent; all nine servers do). */
export const none: ArgumentRule<undefined> = { name: "none", parse: () => undefined };

/** Any text, or none at all. An empty argument is none. */
export const optionalText: ArgumentRule<string | undefined> = {
  name: "optional",
  parse: (text) => text === "" ? undefined : text,
};

/** Some text. */
export const text: ArgumentRule<string> = {
  name: "required",
  parse: (given) => given === undefined || given === "" ? missing : given,
};

/** A path, resolved against the working directory. */
export const path: ArgumentRule<VirtualPath> = {
  name: "required",
  parse: (given, context) => given === undefined || given === "" ? missing : toPath(given, context),
  path: (argument) => argument,
};

/** A path; the working directory when there is none. */
export const optionalPath: ArgumentRule<VirtualPath> = {
  name: "optional",
  parse: (given, context) => given === undefined || given === "" ? context.login.cwd : toPath(given, context),
  path: (argument) => argument,
};

/** A path that may be empty, which is the working directory (`CWD ` of small devices), but not absent. */
export const presentPath: ArgumentRule<VirtualPath> = {
  name: "required",
  parse: (given, context) => given === undefined ? missing : optionalPath.parse(given, context),
  path: (argument) => argument,
};

/** Resolves `given` as the user means it from where they are. @throws {VfsError} `badName` where no file can have that name. */
export function toPath(given: string, context: CommandContext): VirtualPath {
  return resolvePath(context.login.cwd, given);
}
