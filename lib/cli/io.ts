/**
 * Where a command of the executable writes to; a test brings its own.
 *
 * @module
 */

import type { LineWriter } from "../log/line_queue.ts";

/** Standard output and error. Each takes text as it is, line ends included. */
export interface CommandIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Standard error for the log of a server, which must not wait for whoever reads it. Default: `stderr`. */
  readonly log?: LineWriter;
}

/** Writes all it is given by `write`. */
export function writerOf(write: (text: string) => void): LineWriter {
  const decoder = new TextDecoder();
  return (bytes) => {
    write(decoder.decode(bytes));
    return Promise.resolve(bytes.length);
  };
}
