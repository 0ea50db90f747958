/**
 * The commit that a build is made of.
 *
 * @module
 */

import { run } from "./run.ts";

/** Its abbreviated hash, with `-modified` where files differ from it; `unknown` without git. */
export async function describeCommit(): Promise<string> {
  const head = await run(["git", "rev-parse", "--short=10", "HEAD"]).catch(() => undefined); // There may be no git.
  if (!head?.success) return "unknown";
  const changes = await run(["git", "status", "--porcelain", "--untracked-files=no"]);
  return `${head.stdout.trim()}${changes.stdout === "" ? "" : "-modified"}`;
}
