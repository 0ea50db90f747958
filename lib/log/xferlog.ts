/**
 * Lines of an xferlog, the transfer log that wu-ftpd introduced and log analysers still read (its manual page
 * xferlog(5)).
 *
 * @module
 */

import type { TransferEnded } from "../events.ts";
import { UNPRINTABLE } from "../net/unprintable.ts";

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** One line for a transferred file; `undefined` for a listing. Times are UTC. */
export function formatXferlog(event: TransferEnded): string | undefined {
  if (event.direction === "listing") return undefined;
  const user = event.user ?? "?";
  const anonymous = user === "anonymous";
  return [
    formatDate(new Date(event.time)),
    Math.max(1, Math.round(event.milliseconds / 1000)),
    event.address,
    event.bytes,
    withoutSpaces(event.path),
    event.ascii ? "a" : "b",
    "_",
    event.direction === "upload" ? "i" : "o",
    anonymous ? "a" : "r",
    withoutSpaces(user),
    "ftp",
    "0",
    "*",
    event.complete ? "c" : "i",
  ].join(" ");
}

function formatDate(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const day = String(date.getUTCDate()).padStart(2, " ");
  const time = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(":");
  return `${DAYS[date.getUTCDay()]} ${MONTHS[date.getUTCMonth()]} ${day} ${time} ${date.getUTCFullYear()}`;
}

/** Fields are separated by spaces, so none may contain one, nor a line end or an invisible character. */
function withoutSpaces(text: string): string {
  return text.replace(/\s/g, "_").replace(UNPRINTABLE, "_");
}
