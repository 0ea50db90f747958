/**
 * Where a command of the executable writes to; a test supplies its own.
 *
 * @module
 */

import type { LineWriter } from "../log/line_queue.ts";

/** Standard output and error. Each takes text unchanged, including line ends. */
export interface CommandIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Standard error for the log of a server, which must not wait for its reader. Default: `stderr`. */
  readonly log?: LineWriter;
}

/** Writes everything it is given with `write`. */
export function writerOf(write: (text: string) => void): LineWriter {
  const decoder = new TextDecoder();
  return (bytes) => {
    write(decoder.decode(bytes));
    return Promise.resolve(bytes.length);
  };
}
