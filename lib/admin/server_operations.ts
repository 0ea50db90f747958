/**
 * The server as a whole: what it is, how it is, what it reports, and its reload and end.
 *
 * @module
 */

import * as v from "valibot";
import { EVENT_TYPES } from "../events.ts";
import { LOG_LEVELS } from "../log/log.ts";
import { present } from "../net/present.ts";
import { daysLeft } from "../tls/days_left.ts";
import { VERSION } from "../version.ts";
import { eventFeed } from "./event_feed.ts";
import { type Operation, operation } from "./operation.ts";
import * as schemas from "./schemas.ts";
import { type Look, look, movingBytes } from "./watch/samples.ts";

const typeList = v.pipe(
  v.string(),
  v.transform((text) => text.split(",")),
  v.array(v.picklist(EVENT_TYPES, `Must be types of events, separated by commas: ${EVENT_TYPES.join(", ")}`)),
);

/** The operations about the server as a whole. */
export const SERVER_OPERATIONS: readonly Operation[] = [
  operation({
    route: "GET /api/about",
    summary: "Tell what the server is, and what the caller may do",
    role: "view",
    answer: schemas.about,
  }, ({ caller: { name, means, roles }, backend: { facts, accounts } }) => ({
    version: VERSION,
    caller: { name, means, roles: [...roles] },
    ...facts,
    ...present({ accountsReadOnly: accounts.readOnly() }),
  })),
  operation({
    route: "GET /api/overview",
    summary: "Count sessions, transfers and bans, and tell the totals since the start",
    role: "view",
    answer: schemas.overview,
  }, async ({ backend }) => {
    const [seen, bans] = [await look(backend), await backend.control.bans()];
    return { time: seen.time, ...counts(seen), bans: bans.length, eventLoopLag: seen.lag, totals: backend.totals() };
  }),
  operation({
    route: "GET /api/config",
    summary: "List the settings in effect, and where each comes from",
    role: "view",
    answer: schemas.settings,
  }, ({ backend }) => ({ settings: backend.settings() })),
  operation({
    route: "GET /api/certificates",
    summary: "List the certificates in use",
    role: "view",
    answer: schemas.certificates,
  }, ({ backend }) => ({
    certificates: backend.certificates().map((pair) => ({
      names: pair.names,
      notBefore: pair.notBefore.toISOString(),
      notAfter: pair.notAfter.toISOString(),
      daysLeft: daysLeft(pair),
    })),
  })),
  operation({
    route: "GET /api/events",
    summary: "Follow what happens, as server-sent events; each is a JSON object with its level and message",
    role: "view",
    media: "text/event-stream",
    query: {
      types: v.exactOptional(typeList),
      level: v.exactOptional(v.picklist(LOG_LEVELS)),
      session: v.exactOptional(v.string()),
      user: v.exactOptional(v.string()),
      address: v.exactOptional(v.string()),
    },
  }, ({ query, backend: { events }, request }) => eventFeed(events, query, request.signal)),
  operation({
    route: "POST /api/reload",
    summary: "Read accounts and certificates again, and open log files again, as SIGHUP does",
    role: "config",
    answer: schemas.done,
  }, ({ backend }) => backend.reload()),
  operation({
    route: "POST /api/drain",
    summary: "End the server as SIGTERM does: running transfers get the time of --grace",
    role: "config",
    answer: schemas.done,
  }, ({ backend }) => backend.drain()),
];

function counts({ live, running }: Look): Readonly<Record<string, Readonly<Record<string, number>>>> {
  const going = (way: string) => running.filter(({ direction }) => direction === way).length;
  return {
    sessions: {
      all: live.length,
      loggedIn: live.filter(({ user }) => user !== undefined).length,
      secure: live.filter(({ secure }) => secure).length,
    },
    transfers: { uploads: going("upload"), downloads: going("download"), listings: going("listing") },
    moving: movingBytes(running),
  };
}
