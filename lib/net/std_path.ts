/**
 * `@std/path` for the system that the program runs on, as `deno.json` maps the name.
 *
 * Its own entry asks `process` for the system, at which the runtime loads all of its Node layer: a third of the time
 * that a client command takes to start.
 *
 * @module
 */

import * as posix from "@std/path/posix";
import * as windows from "@std/path/windows";

/** The functions that are used here. */
export const { basename, dirname, fromFileUrl, isAbsolute, join, relative, resolve, SEPARATOR, toFileUrl } =
  Deno.build.os === "windows" ? windows : posix;
