/**
 * Anything that was thrown, as a text or as an `Error`.
 *
 * @module
 */

/** An error may be among its own causes. */
const MOST_CAUSES = 8;

/** The message of an `Error`, or the value as text; without a full stop at its end. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
}

/** Why a `fetch` has failed: in the cause of what it throws, or (Deno 2.6) in itself, after the URL. */
export function messageOfFetch(error: unknown): string {
  const reason = error instanceof Error ? error.cause ?? error : error;
  return messageOf(reason).replace(/^error sending request for url \(\S*\): /, "");
}

/** The code of the operating system, such as `EACCES`, that `error` or one of its causes has. */
export function systemCodeOf(error: unknown): string | undefined {
  let each = error;
  for (let depth = 0; each instanceof Error && depth < MOST_CAUSES; depth++, each = each.cause) {
    if ("code" in each && typeof each.code === "string") return each.code;
  }
  return undefined;
}

/** `error` itself if it is an `Error`, or else one with the value as its message. */
export function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
