/**
 * What the server does at one moment, as a page draws it: counted only when somebody asks.
 *
 * @module
 */

import type { EventStream, RunTotals } from "../../events.ts";
import type { ServerControl } from "../../server/control.ts";
import { runningTransfers, type SessionInfo, type TransferInfo } from "../../session_info.ts";

/** The server that is looked at. */
export interface Watched {
  readonly control: ServerControl;
  /** Where its events can be listened to. */
  readonly events: Pick<EventStream, "on">;
  /** What it has done since its start. */
  readonly totals: () => RunTotals;
}

/** Numbers of one moment. Those of {@link Sample.totals} only grow. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly sessions: number;
  /** Running transfers, listings included. */
  readonly transfers: number;
  /** Since the start of the server. */
  readonly totals: {
    /** Bytes to clients, those of running transfers included. */
    readonly sent: number;
    /** Bytes from clients, likewise. */
    readonly received: number;
    readonly logins: number;
    readonly failedLogins: number;
  };
  /** Milliseconds that a turn of the event loop was late, measured for this sample. */
  readonly lag: number;
}

/** A {@link Sample}, and whom it was taken of. */
export interface Look extends Sample {
  readonly live: readonly SessionInfo[];
  readonly running: readonly TransferInfo[];
}

/** Looks at the server. */
export async function look({ control, totals }: Watched): Promise<Look> {
  const lag = await eventLoopLag();
  const live = await control.sessions();
  const running = runningTransfers(live);
  const { bytesSent, bytesReceived, logins, failedLogins } = totals();
  const { sent, received } = movingBytes(running);
  return {
    time: Date.now(),
    sessions: live.length,
    transfers: running.length,
    totals: { sent: bytesSent + sent, received: bytesReceived + received, logins, failedLogins },
    lag,
    live,
    running,
  };
}

/** Bytes so far of running transfers, which are not in the totals of the server yet. */
export function movingBytes(running: readonly TransferInfo[]): { readonly sent: number; readonly received: number } {
  const sum = (transfers: readonly TransferInfo[]) => transfers.reduce((all, { bytes }) => all + bytes, 0);
  return {
    sent: sum(running.filter(({ direction }) => direction !== "upload")),
    received: sum(running.filter(({ direction }) => direction === "upload")),
  };
}

/** Milliseconds that a timer came late. */
async function eventLoopLag(): Promise<number> {
  const wait = 1;
  const start = performance.now();
  await new Promise((resolve) => setTimeout(resolve, wait));
  return Math.max(0, performance.now() - start - wait);
}
