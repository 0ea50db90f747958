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

/** What in an account refuses: a right that its rules do not give, or a field of it. */
export interface AccountRefusal {
  /** The virtual path that is refused. */
  readonly path: string;
  /** The right that is missing there. */
  readonly right?: string;
  /** The field of the account that refuses, such as `deny`. */
  readonly field?: string;
  /** The path of the rule that decides there; absent where no rule covers it. */
  readonly rule?: string;
}

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
  /** What in the account refuses, where that is the reason. */
  readonly account: AccountRefusal | undefined;

  /** `message` is for the log and may contain virtual paths; `cause` is the error of the runtime. */
  constructor(
    kind: VfsErrorKind,
    message: string,
    options: ErrorOptions & { readonly hint?: string | undefined; readonly account?: AccountRefusal } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.hint = options.hint;
    this.account = options.account;
  }
}
