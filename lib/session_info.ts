/**
 * Live sessions and running transfers, as STAT, SITE WHO and an operator's tools show them: snapshots that can be sent
 * to another thread.
 *
 * @module
 */

import type { Actor, TransferDirection } from "./events.ts";

/** How far a transfer is, or another command that takes long (HASH, a directory listing in STAT). */
export interface TransferProgress {
  /** The verb in upper case, such as `RETR`. */
  readonly verb: string;
  /** The virtual path; the argument as the client sent it as long as there is no {@link direction}. */
  readonly path: string;
  /** Absent before the transfer has started (see `TransferStarted`), and for commands without a data connection. */
  readonly direction?: TransferDirection;
  /** First byte of the file that is transferred. Absent as {@link direction}. */
  readonly offset?: number;
  /** Bytes that should move, as in `TransferStarted`; absent if unknown. */
  readonly size?: number;
  /** Bytes over the data connection so far. */
  readonly bytes: number;
  /** Since it started, by a monotonic clock. */
  readonly milliseconds: number;
  /**
   * Bytes per second, on average since it started. The current rate is the difference of {@link bytes} between two
   * snapshots by that of {@link milliseconds}.
   */
  readonly rate: number;
}

/** A live session. */
export interface SessionInfo {
  /** As {@link Actor.session} in events. */
  readonly id: string;
  /** IP address of the control connection's peer. */
  readonly address: string;
  /** Name of the account, once logged in. */
  readonly user: string | undefined;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** Last command, password masked. */
  readonly lastCommand: string;
  /** Whether the control connection is under TLS. */
  readonly secure: boolean;
  /** What takes long at the moment; `undefined` if nothing does. */
  readonly transfer: TransferProgress | undefined;
}

/** A running transfer and its session. */
export interface TransferInfo extends Actor, TransferProgress {
  /** Which way the bytes go. */
  readonly direction: TransferDirection;
  /** First byte of the file that is transferred. */
  readonly offset: number;
}

/** The transfers that have started, of these sessions. */
export function runningTransfers(sessions: readonly SessionInfo[]): TransferInfo[] {
  return sessions.flatMap(({ id, address, user, transfer }) => {
    if (transfer?.direction === undefined) return [];
    const { direction, offset = 0 } = transfer;
    return [{ ...transfer, direction, offset, session: id, address, ...(user !== undefined && { user }) }];
  });
}
