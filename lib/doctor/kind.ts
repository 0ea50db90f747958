/**
 * What the rows about findings have in common.
 *
 * @module
 */

/**
 * - `problem`: common clients fail, hang, or lose data or passwords.
 * - `warning`: some clients fail, or something will soon.
 * - `note`: nothing fails, and it is worth knowing.
 */
export type Severity = "problem" | "warning" | "note";

/** The one setting to change, by server software. */
export interface Remedy {
  readonly denoftpd?: string;
  readonly vsftpd?: string;
  readonly proftpd?: string;
  readonly pureftpd?: string;
  /** Where no setting of the server helps. */
  readonly other?: string;
}

/** One kind of finding. */
export interface Kind {
  readonly severity: Severity;
  readonly summary: string;
  readonly remedy: Remedy;
}
