/**
 * The sources of this process's settings other than the command line.
 *
 * @module
 */

import { isGranted, needRead, requireGrants } from "../permissions/query.ts";
import type { SettingSources } from "./read.ts";

/**
 * The environment and the files of this process. Nothing is read that is not permitted: a prompt would stop the start.
 */
export const processSources: SettingSources = {
  env: (name) => isGranted({ permission: { name: "env", variable: name } }) ? Deno.env.get(name) : undefined,
  envNames: () => isGranted({ permission: { name: "env" } }) ? Object.keys(Deno.env.toObject()) : [],
  readFile: (path) => {
    requireGrants([needRead(path, `reading the configuration file "${path}"`)]);
    return Deno.readTextFile(path);
  },
};
