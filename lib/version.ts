/**
 * The version, in one place.
 *
 * @module
 */

import { BUILD, type Build } from "./build.ts";

/** As in deno.json. */
export const VERSION = "0.1.0";

/** Whether this is a build, which comes with its permissions, rather than the source. */
export const IS_BUILT: boolean = BUILD !== undefined;

/** What `denoftpd version` prints: the version, where it comes from, and what it runs on. */
export function versionLine(build: Build | undefined = BUILD): string {
  const origin = build === undefined ? "from source" : `commit ${build.commit}`;
  const note = build?.note === undefined ? "" : `: ${build.note}`;
  return `denoftpd ${VERSION} (${origin}, deno ${Deno.version.deno}, ${Deno.build.target})${note}`;
}
