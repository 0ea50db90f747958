/**
 * What the user agent itself has to refuse; failures of the conversation with a server are `ClientError`.
 *
 * @module
 */

import type { ClientError } from "../client/errors.ts";

/**
 * - `wrongUse`: the request makes no sense, or a file that it names cannot be used. Nothing was done.
 * - `unverified`: the two files differ although they were transferred.
 * - `tooMuch`: a limit that the user set was reached, and the job was not begun.
 * - `incomplete`: some of a job could not be done; each part has had an event of its own.
 */
export type AgentErrorKind = "wrongUse" | "unverified" | "tooMuch" | "incomplete";

/** A refusal of the user agent. */
export class AgentError extends Error {
  /** Always `AgentError`. */
  override readonly name = "AgentError";
  /** What kind of refusal. */
  readonly kind: AgentErrorKind;

  /** An error of `kind`. */
  constructor(kind: AgentErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Whether a local file could not be written because there is no room for it. */
export function isDiskFullHere({ kind, message }: ClientError): boolean {
  return kind === "local" && /ENOSPC|EDQUOT|no space left|quota exceeded/i.test(message);
}
