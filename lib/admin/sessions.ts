/**
 * Sessions, transfers and bans: seeing them, and ending them.
 *
 * @module
 */

import * as v from "valibot";
import type { Ban } from "../auth/bans.ts";
import { HttpError } from "../http/http_error.ts";
import { addressKey, networkOf, unmapped } from "../net/address_key.ts";
import { familyOf } from "../net/ip.ts";
import { present } from "../net/present.ts";
import type { ServerControl } from "../server/control.ts";
import type { SessionInfo } from "../session_info.ts";
import { type Operation, operation } from "./operation.ts";
import * as schemas from "./schemas.ts";

/** The longest ban, in seconds: a year. */
const LONGEST_BAN = 366 * 86_400;
/** Characters of a text that is sent to a client, or of a reason. */
const LONGEST_TEXT = 200;

/** A line of text: it goes into a reply, where a line end would begin another. */
const line = v.pipe(
  v.string(),
  v.nonEmpty("Must not be empty"),
  v.maxLength(LONGEST_TEXT, `Must not be longer than ${LONGEST_TEXT} characters`),
  // deno-lint-ignore no-control-regex -- they are what is refused
  v.regex(/^[^\x00-\x1f\x7f-\x9f]*$/, "Must not contain control characters"),
);
const replyText = v.pipe(line, v.description("text of the 421 that they get"));
const ipAddress = v.pipe(
  v.string(),
  v.check((value) => familyOf(value) !== undefined, "Must be an IP address"),
  v.transform(unmapped),
);

/** The operations about sessions, transfers and bans. */
export const SESSION_OPERATIONS: readonly Operation[] = [
  operation({
    route: "GET /api/sessions",
    summary: "List the live sessions",
    role: "view",
    answer: schemas.sessions,
  }, async ({ backend: { control } }) => {
    const sessions = await control.sessions();
    return { sessions: sessions.map(shown), silentWorkers: control.silentWorkers };
  }),
  operation({
    route: "POST /api/sessions/end",
    summary: "End every session of an account, or of an address",
    role: "sessions",
    body: v.union([
      v.strictObject({ user: v.string(), text: v.exactOptional(replyText) }),
      v.strictObject({ address: ipAddress, text: v.exactOptional(replyText) }),
    ], 'Must be an object with "user" or "address", and maybe "text"'),
    answer: schemas.ended,
  }, async ({ body, backend: { control } }) => {
    const isMeant = "user" in body ? ({ user }: SessionInfo) => user === body.user : isFrom(body.address);
    return { ended: await end(control, isMeant, body.text) };
  }),
  operation({
    route: "DELETE /api/sessions/:id",
    summary: "End a session: its transfer is answered 426, then it gets a 421",
    role: "sessions",
    query: { text: v.exactOptional(replyText) },
    answer: schemas.done,
    failures: { 404: "There is no such session." },
  }, async ({ params: { id = "" }, query, backend: { control } }) => {
    if (!await control.disconnect(id, query.text)) throw new HttpError(404, `No session "${id}"`);
  }),
  operation({
    route: "GET /api/transfers",
    summary: "List the running transfers",
    role: "view",
    answer: schemas.transfers,
  }, async ({ backend: { control } }) => ({
    transfers: await control.transfers(),
    silentWorkers: control.silentWorkers,
  })),
  operation({
    route: "GET /api/bans",
    summary: "List the addresses that are shut out",
    role: "view",
    answer: v.strictObject({ bans: v.array(schemas.ban) }),
  }, async ({ backend: { control } }) => ({ bans: (await control.bans()).map(shownBan) })),
  operation({
    route: "POST /api/bans",
    summary: "Shut out an address, and end its sessions",
    role: "sessions",
    body: v.strictObject({
      address: ipAddress,
      seconds: v.pipe(
        v.exactOptional(v.pipe(
          v.number(),
          v.integer("Must be a whole number"),
          v.minValue(1, "Must be at least 1"),
          v.maxValue(LONGEST_BAN, `Must be ${LONGEST_BAN} at most`),
        )),
        v.description("how long; default: --ban-time"),
      ),
      reason: v.exactOptional(line),
    }),
    answer: v.strictObject({ ban: schemas.ban, ...schemas.ended.entries }),
    failures: { 409: "The address is never banned: see --ban-exempt." },
  }, async ({ body: { address, seconds, reason }, caller, backend: { control, banTime } }) => {
    const duration = seconds === undefined ? banTime : seconds * 1000;
    const ban = await control.ban(address, { duration, reason: reason ?? `by ${caller.name}` });
    if (!ban) throw new HttpError(409, `"${address}" is never banned: see --ban-exempt`);
    return { ban: shownBan(ban), ended: await end(control, isFrom(address), "Your address is shut out") };
  }),
  operation({
    route: "DELETE /api/bans/:address",
    summary: "Let an address in again",
    role: "sessions",
    answer: schemas.done,
    failures: { 404: "The address is not shut out." },
  }, async ({ params: { address = "" }, backend: { control } }) => {
    // An IPv6 client is shut out by its /64, which may be written as the list of bans has it.
    const plain = address.replace(/\/64$/, "");
    if (!await control.unban(unmapped(plain))) throw new HttpError(404, `"${address}" is not shut out`);
  }),
];

function isFrom(address: string): (session: SessionInfo) => boolean {
  const key = addressKey(address);
  return (session) => addressKey(unmapped(session.address)) === key;
}

async function end(
  control: ServerControl,
  isMeant: (session: SessionInfo) => boolean,
  text: string | undefined,
): Promise<number> {
  const meant = (await control.sessions()).filter(isMeant);
  const found = await Promise.all(meant.map(({ id }) => control.disconnect(id, text)));
  return found.filter((isFound) => isFound).length;
}

function shown(session: SessionInfo): SessionInfo {
  return present(session);
}

function shownBan({ address, since, until, reason, round }: Ban): v.InferOutput<typeof schemas.ban> {
  return { address, network: networkOf(address), since, until, reason, round };
}
