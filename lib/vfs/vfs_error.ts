/**
 * How a file-system view reports failures.
 *
 * @module
 */

/** Why a file-system operation failed; one function maps it to replies, without ever looking at the runtime's error. */
export type VfsErrorKind =
  | "notFound"
  | "denied"
  | "exists"
  | "notEmpty"
  | "notDirectory"
  | "isDirectory"
  | "noSpace"
  | "overQuota"
  | "tooLarge"
  | "badName"
  | "otherTree"
  | "busy"
  | "takenOver"
  | "vanished"
  | "unsupported"
  | "pastEnd"
  | "failed";

/**
 * The only error that leaves a driver. The runtime's own error, which contains real paths, is `cause` and goes only to
 * the log.
 */
export class VfsError extends Error {
  /** Always `VfsError`. */
  override readonly name = "VfsError";
  /** Why the operation failed. */
  readonly kind: VfsErrorKind;
  /** What a client should know beyond the kind, as a sentence without real paths; it is logged as well. */
  readonly hint: string | undefined;

  /** `message` is for the log and may contain virtual paths; `cause` is the error of the runtime. */
  constructor(
    kind: VfsErrorKind,
    message: string,
    options: ErrorOptions & { readonly hint?: string | undefined } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.hint = options.hint;
  }
}
