/**
 * What a server answers, as lines for people. Names from outside are shown so that none can draw on the terminal.
 *
 * @module
 */

import type * as v from "valibot";
import type * as schemas from "../../admin/schemas.ts";
import { showSize } from "../agent/values.ts";
import { escapeUnprintable } from "../../net/unprintable.ts";

/** A live session, as the API has it. */
export type ShownSession = v.InferOutput<typeof schemas.session>;
/** What `GET /api/sessions` answers. */
export type Sessions = v.InferOutput<typeof schemas.sessions>;
/** A ban, as the API has it. */
export type ShownBan = v.InferOutput<typeof schemas.ban>;

/** Rows below a heading, in columns as wide as they must be. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heading, ...rows.map((row) => row.map(escapeUnprintable))];
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) => `${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()}\n`)
    .join("");
}

/** The sessions. @param rates bytes per second by session; without them the average is shown. */
export function sessionTable(
  sessions: readonly ShownSession[],
  { now = Date.now(), rates }: { readonly now?: number; readonly rates?: ReadonlyMap<string, number> } = {},
): string {
  const rows = sessions.map((session) => [
    session.id,
    session.user ?? "-",
    session.address,
    session.secure ? "yes" : "no",
    age(now - session.since),
    doing(session, rates?.get(session.id)),
  ]);
  return table(["ID", "USER", "ADDRESS", "TLS", "SINCE", "DOING"], rows);
}

function doing({ transfer, lastCommand }: ShownSession, rate: number | undefined): string {
  if (transfer === undefined) return lastCommand === "" ? "-" : `idle after ${lastCommand}`;
  const { verb, path, bytes, size } = transfer;
  const speed = rate ?? transfer.rate;
  const share = size === undefined || size === 0 ? "" : ` ${Math.floor(100 * bytes / size)}%`;
  const left = size === undefined || speed <= 0 ? "" : `, ${age(1000 * (size - bytes) / speed)} left`;
  return `${verb} ${path} ${showSize(bytes)}${share} ${showSize(Math.round(speed))}/s${left}`;
}

/** The bans. */
export function banTable(bans: readonly ShownBan[]): string {
  const rows = bans.map(({ network, since, until, reason }) => [
    network,
    new Date(since).toISOString(),
    new Date(until).toISOString(),
    reason,
  ]);
  return table(["ADDRESS", "SINCE", "UNTIL", "REASON"], rows);
}

/** A time that has passed, such as `3h12m`. */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const [minutes, hours, days] = [Math.floor(seconds / 60), Math.floor(seconds / 3600), Math.floor(seconds / 86_400)];
  if (days > 0) return `${days}d${hours % 24}h`;
  if (hours > 0) return `${hours}h${minutes % 60}m`;
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`;
}

/** An event as a line of the log. */
export function eventLine(event: unknown): string {
  const { time, level, session, user, address, message, events } = Object(event);
  if (message === undefined) return `… ${events} events were lost: they came faster than they were read\n`;
  const who = session === undefined ? "" : `[${session} ${user ?? "-"}@${address}] `;
  return `${new Date(time).toISOString()} ${String(level).padEnd(7)} ${escapeUnprintable(`${who}${message}`)}\n`;
}
