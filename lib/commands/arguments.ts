/**
 * How the argument of a command is read: each row of the table names one of these rules, so that handlers never check
 * for a missing argument or resolve a path. The argument is everything after the first space, unchanged.
 *
 * @module
 */

import * as reply from "../protocol/reply.ts";
import { resolvePath } from "../vfs/virtual_path.ts";
import type { VirtualPath } from "../vfs/vfs.ts";
import type { CommandContext } from "./context.ts";
import { Refusal } from "./failure_replies.ts";

/** Reads an argument. */
export interface ArgumentRule<A> {
  /** Shown by the table test and the docs. */
  readonly name: "none" | "optional" | "required";
  /** @throws {Refusal} 501. @throws {VfsError} `badName` for a path that cannot be one. */
  readonly parse: (text: string | undefined, context: CommandContext) => A;
  /** The path that the access right is about, where the argument is or contains one. */
  readonly path?: (argument: A) => VirtualPath | undefined;
}

/** The argument, which must be there. @throws {Refusal} 501 otherwise. */
function required(given: string | undefined): string {
  if (given === undefined) throw new Refusal(reply.badArgument("An argument is required"));
  return given;
}

/**
 * Nothing; a stray argument is ignored, as old clients send some (RFC 1123 section 4.1.2 is silent, and every server
 * looked at does so).
 */
export const none: ArgumentRule<undefined> = { name: "none", parse: () => undefined };

/** Any text, or none at all. An empty argument is none. */
export const optionalText: ArgumentRule<string | undefined> = {
  name: "optional",
  parse: emptyIsNone,
};

/** Some text. */
export const text: ArgumentRule<string> = {
  name: "required",
  parse: (given) => required(emptyIsNone(given)),
};

/** A path, resolved against the working directory. */
export const path: ArgumentRule<VirtualPath> = {
  name: "required",
  parse: (given, context) => toPath(required(emptyIsNone(given)), context),
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
  parse: (given, context) => optionalPath.parse(required(given), context),
  path: (argument) => argument,
};

/** A path, or none at all. An empty argument is none. */
export const pathOrNone: ArgumentRule<VirtualPath | undefined> = {
  name: "optional",
  parse: (given, context) => given === undefined || given === "" ? undefined : toPath(given, context),
  path: (argument) => argument,
};

function emptyIsNone(given: string | undefined): string | undefined {
  return given === "" ? undefined : given;
}

/**
 * Resolves `given` against the working directory.
 *
 * @throws {VfsError} `badName` if no file can have that name.
 */
export function toPath(given: string, context: CommandContext): VirtualPath {
  return resolvePath(context.login.cwd, given);
}
