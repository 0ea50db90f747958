/**
 * Where a command of the executable writes to; a test brings its own.
 *
 * @module
 */

/** Standard output and error. Each takes text as it is, line ends included. */
export interface CommandIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}
