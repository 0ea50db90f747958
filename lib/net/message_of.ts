/**
 * The text of anything that was thrown.
 *
 * @module
 */

/** The message of an `Error`, or the value as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
