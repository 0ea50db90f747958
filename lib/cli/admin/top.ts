/**
 * `denoftpd top`: the sessions again and again, with what moves at the moment.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import { counted } from "../../net/counted.ts";
import type { CommandIo } from "../io.ts";
import { type Sessions, sessionTable, type ShownSession } from "./tables.ts";

/** How to watch. */
export interface WatchOptions {
  readonly io: CommandIo;
  readonly json: boolean;
  /** Milliseconds between two looks. */
  readonly interval: number;
  /** How many looks. */
  readonly count: number;
}

/** Clears a terminal, and begins at its top (ECMA-48: CUP, ED). */
const CLEAR = "\x1b[H\x1b[2J";

/** Looks `count` times. Rejects as soon as `read` does. */
export async function watchSessions(read: () => Promise<Sessions>, options: WatchOptions): Promise<void> {
  const { io, json, interval, count } = options;
  let before: readonly ShownSession[] = [];
  for (let look = 0; look < count; look++) {
    if (look > 0) await delay(interval);
    const { sessions } = await read();
    const rates = ratesOf(sessions, before);
    const speed = (session: ShownSession) => rates.get(session.id) ?? session.transfer?.rate ?? 0;
    const busiest = sessions.toSorted((one, other) => speed(other) - speed(one));
    if (json) io.stdout(`${JSON.stringify({ time: Date.now(), sessions: busiest })}\n`);
    else io.stdout(`${Deno.stdout.isTerminal() ? CLEAR : ""}${summary(sessions)}${sessionTable(busiest, { rates })}\n`);
    before = sessions;
  }
}

function summary(sessions: readonly ShownSession[]): string {
  const running = sessions.filter(({ transfer }) => transfer?.direction !== undefined).length;
  return `${counted(sessions.length, "session")}, ${counted(running, "transfer")}, ${new Date().toISOString()}\n\n`;
}

/** Bytes per second since the look before, of the transfers that were running then too. */
function ratesOf(sessions: readonly ShownSession[], before: readonly ShownSession[]): Map<string, number> {
  const rates = new Map<string, number>();
  for (const { id, transfer } of sessions) {
    const earlier = before.find((session) => session.id === id)?.transfer;
    if (transfer === undefined || earlier === undefined || earlier.milliseconds >= transfer.milliseconds) continue;
    const seconds = (transfer.milliseconds - earlier.milliseconds) / 1000;
    rates.set(id, Math.max(0, transfer.bytes - earlier.bytes) / seconds);
  }
  return rates;
}
