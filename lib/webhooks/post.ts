/**
 * One event as a request, signed.
 *
 * @module
 */

import { createHmac } from "node:crypto";
import { messageOfFetch } from "../net/message_of.ts";
import { withoutPassword } from "../net/without_password.ts";
import { mediaTypeOf } from "./filter.ts";
import type { Letter } from "./queue.ts";

/** What became of it. `failed`: it may work another time. `refused`: it will not. */
export type PostResult =
  | { readonly outcome: "delivered" }
  | { readonly outcome: "failed" | "refused"; readonly error: string };

/** How a letter is posted. */
export interface PostOptions {
  /** The secret that the service has, too. */
  readonly key: Uint8Array;
  /** Milliseconds until there must be an answer. */
  readonly timeout: number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Answers of 400 to 499 that say nothing about the event: the request took too long, or there are too many. */
const PASSING: readonly number[] = [408, 429];

/** Resolves when the service has answered, or will not. Follows no redirect: what is sent is for the service alone. */
export async function postLetter(letter: Letter, { key, timeout, signal }: PostOptions): Promise<PostResult> {
  const { endpoint, id, body } = letter;
  const timestamp = String(Math.floor(Date.now() / 1000));
  try {
    const response = await fetch(endpoint, {
      method: "POST",
      headers: {
        "content-type": mediaTypeOf(body),
        "idempotency-key": id,
        "x-denoftpd-timestamp": timestamp,
        "x-denoftpd-signature": `sha256=${createHmac("sha256", key).update(`${timestamp}.${body}`).digest("hex")}`,
      },
      body,
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    });
    await response.body?.cancel();
    const { ok, status } = response;
    if (ok) return { outcome: "delivered" };
    const isFinal = status >= 400 && status < 500 && !PASSING.includes(status);
    return { outcome: isFinal ? "refused" : "failed", error: `It answered ${status}` };
  } catch (error) {
    return { outcome: "failed", error: withoutPassword(messageOfFetch(error)) };
  }
}
