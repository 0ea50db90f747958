/**
 * `@std/path` for the system that the program runs on, as `deno.json` maps the name.
 *
 * Its own entry has both, and asks `process` for the system, at which the runtime loads all of its Node layer: a third
 * of the time that a client command takes to start.
 *
 * @module
 */

import * as posix from "@std/path/posix";

/** The functions that are used here. */
export const { basename, dirname, fromFileUrl, isAbsolute, join, relative, resolve, SEPARATOR, toFileUrl } =
  Deno.build.os === "windows" ? await import("@std/path/windows") : posix;
