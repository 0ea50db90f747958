/**
 * A way from a file to a socket that does not lead through our memory.
 *
 * @module
 */

import type { Connection, FilePart } from "../net/connection.ts";

/** Why a file went no further, and whose fault that was. */
export class FileSendError extends Error {
  override readonly name = "FileSendError";
  readonly of: "file" | "network";

  constructor(of: "file" | "network", message: string) {
    super(message);
    this.of = of;
  }
}

/** One file on its way. Disposing it ends a pending {@link next}, and gives back what is held as soon as that is over. */
export interface FileSending extends Disposable {
  /** Nothing more of the file can be sent so: it is at its end, or of a kind that cannot be sent. */
  readonly ended: boolean;
  /**
   * Sends some, at most `bytes`. Resolves to how many: fewer where it has {@link ended}, and where the peer takes no more for a while. One is pending
   * at a time.
   *
   * @throws {FileSendError} and nothing else.
   */
  next(bytes: number): Promise<number>;
  /** Ends the connection, and with it a pending {@link next}. */
  stop(): void;
}

/** Begins to send files by themselves. */
export interface FileSender {
  /** `undefined` where this file or this connection cannot be sent so, with nothing done: then another way is taken. */
  begin(part: FilePart, connection: Connection): FileSending | undefined;
}
