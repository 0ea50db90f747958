/**
 * Where this process has its settings from, besides the command line.
 *
 * @module
 */

import { isGranted, needRead, requireGrants } from "../permissions/query.ts";
import type { SettingSources } from "./read.ts";

/** The environment and the files of this process. Nothing is read that is not permitted: the question would stop the start. */
export const processSources: SettingSources = {
  env: (name) => isGranted({ permission: { name: "env", variable: name } }) ? Deno.env.get(name) : undefined,
  readFile: (path) => {
    requireGrants([needRead(path, `reading the configuration file "${path}"`)]);
    return Deno.readTextFile(path);
  },
};
