/**
 * Scripts that Redis runs: each as one step, so that two nodes never see the state between two commands.
 *
 * @module
 */

import { createHash } from "node:crypto";

/** What Redis answers to a script. */
export type Reply = string | number | null | readonly Reply[];

/** A script in Lua. */
export class Script {
  /** The text. */
  readonly source: string;
  /** SHA-1 of the source, by which Redis knows it. */
  readonly digest: string;

  /** It is loaded into Redis where it is first run. */
  constructor(source: string) {
    this.source = source;
    this.digest = createHash("sha1").update(source).digest("hex");
  }
}

/** What a script is given. */
export interface ScriptInput {
  /** `KEYS` in the script. */
  readonly keys?: readonly string[];
  /** `ARGV` in the script. */
  readonly args?: readonly (string | number)[];
}

/** The number in a reply; 0 for anything else. */
export function numberIn(reply: Reply | undefined): number {
  return typeof reply === "number" ? reply : 0;
}

/** The list in a reply; an empty one for anything else. */
export function listIn(reply: Reply | undefined): readonly Reply[] {
  return reply !== null && typeof reply === "object" ? reply : [];
}
