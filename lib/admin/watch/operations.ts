/**
 * The operations with which a page follows the server.
 *
 * @module
 */

import * as v from "valibot";
import { type Operation, operation } from "../operation.ts";
import { liveFeed } from "./live_feed.ts";

const values = v.array(v.number());
const whole = v.pipe(v.number(), v.integer());

/** The operations about the recent past, and about what happens now. */
export const WATCH_OPERATIONS: readonly Operation[] = [
  operation({
    route: "GET /api/history",
    summary: "Tell the recent past as series of values: bytes per second, logins per minute",
    role: "view",
    query: {
      span: v.pipe(
        v.optional(v.picklist(["fine", "coarse"], "Must be fine or coarse"), "fine"),
        v.description("fine: the last 15 minutes; coarse: the last 24 hours in steps of a minute"),
      ),
    },
    answer: v.strictObject({
      times: v.pipe(v.array(whole), v.description("seconds since 1970")),
      sessions: values,
      transfers: values,
      sent: values,
      received: values,
      logins: values,
      failedLogins: values,
      lag: values,
    }),
  }, ({ query: { span }, backend: { watch } }) => watch.history[span]),
  operation({
    route: "GET /api/transfers/ended",
    summary: "List the last 200 transfers of files that have ended, the newest first",
    role: "view",
    answer: v.strictObject({
      transfers: v.array(v.looseObject({
        time: whole,
        session: v.string(),
        verb: v.string(),
        path: v.string(),
        bytes: whole,
        reason: v.pipe(v.string(), v.description("none: it was completed; else why it was not")),
      })),
    }),
  }, ({ backend: { watch } }) => ({ transfers: watch.ended })),
  operation({
    route: "GET /api/live",
    summary: "Follow sessions, transfers and totals, as one server-sent event a second",
    role: "view",
    media: "text/event-stream",
    query: { search: v.exactOptional(v.pipe(v.string(), v.description("only sessions in which it is found"))) },
  }, ({ query, backend: { watch }, request }) => liveFeed(watch, query, request.signal)),
];
