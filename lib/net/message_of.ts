/**
 * Anything that was thrown, as a text or as an `Error`.
 *
 * @module
 */

/** The message of an `Error`, or the value as text; without a full stop at its end. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
}

/** `error` itself if it is an `Error`, or else one with the value as its message. */
export function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
