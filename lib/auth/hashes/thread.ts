/**
 * The life of a thread that checks one password.
 *
 * @module
 */

import type { WorkerScope } from "../../threads/scope.ts";
import { matchesForeignHash } from "./compute.ts";
import { parseForeignHash } from "./kinds.ts";

/** What such a thread is sent. */
export interface PasswordQuestion {
  readonly password: string;
  /** The hash as text. */
  readonly encoded: string;
}

/** What it answers, once. */
export type PasswordAnswer = { readonly matches: boolean } | { readonly failure: string };

/** Answers the question of the thread that has started this one. */
export function servePasswords(scope: WorkerScope): void {
  scope.addEventListener("message", ({ data }: MessageEvent<PasswordQuestion>) => {
    void answer(data).then((found) => scope.postMessage(found));
  });
}

async function answer({ password, encoded }: PasswordQuestion): Promise<PasswordAnswer> {
  try {
    const hash = parseForeignHash(encoded);
    return { matches: hash !== undefined && await matchesForeignHash(password, hash) };
  } catch (error) {
    return { failure: error instanceof Error ? error.message : String(error) };
  }
}
