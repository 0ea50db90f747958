/**
 * The forms of what the API answers, for its document and for the tests that compare it with the answers.
 *
 * @module
 */

import * as v from "valibot";
import { ROLES } from "./caller.ts";

function described<S extends v.GenericSchema>(schema: S, description: string): S {
  // A pipe of a schema and its description accepts and makes what the schema does.
  return v.pipe(schema, v.description(description)) as unknown as S;
}

const text = v.string();
const whole = v.pipe(v.number(), v.integer());
const time = described(whole, "milliseconds since 1970, by the clock of the server");
const address = described(v.string(), "IP address of the client");

/** The answer of an operation that has nothing else to say. */
export const done = v.strictObject({ ok: v.literal(true) });

/** The answer to a request that failed. */
export const failure = v.strictObject({ error: described(v.string(), "what is wrong, for people") });

/** A transfer, or another command that takes long. */
export const progress = v.strictObject({
  verb: text,
  path: text,
  direction: v.exactOptional(v.picklist(["upload", "download", "listing"])),
  offset: v.exactOptional(whole),
  size: v.exactOptional(described(whole, "bytes that should move, where that is known")),
  bytes: described(whole, "bytes so far"),
  milliseconds: described(v.number(), "since it started"),
  rate: described(v.number(), "bytes per second, on average since it started"),
});

/** A live session. */
export const session = v.strictObject({
  id: text,
  address,
  user: v.exactOptional(described(v.string(), "name of the account, once logged in")),
  since: time,
  lastCommand: described(v.string(), "the password is masked"),
  secure: described(v.boolean(), "whether the control connection is under TLS"),
  transfer: v.exactOptional(progress),
});

/** The live sessions. */
export const sessions = v.strictObject({
  sessions: v.array(session),
  silentWorkers: described(v.array(whole), "workers that did not answer: their sessions are missing"),
});

/** The running transfers. */
export const transfers = v.strictObject({
  transfers: v.array(v.strictObject({ ...progress.entries, session: text, address, user: v.exactOptional(text) })),
  silentWorkers: v.array(whole),
});

/** How many sessions were ended. */
export const ended = v.strictObject({ ended: described(whole, "sessions that were ended") });

/** A ban. */
export const ban = v.strictObject({
  address: described(v.string(), "the address that it is named by"),
  network: described(v.string(), "what is shut out: the address, or for IPv6 its /64"),
  since: time,
  until: time,
  reason: text,
  round: described(whole, "which ban in a row it is, from 1"),
});

/** Who is asking, and what the server is. */
export const about = v.strictObject({
  version: text,
  caller: v.strictObject({
    name: text,
    means: v.picklist(["socket", "token", "login"]),
    roles: v.array(v.picklist(ROLES)),
  }),
  since: time,
  address: text,
  workers: whole,
  accountsReadOnly: v.exactOptional(described(v.string(), "why accounts cannot be changed; absent: they can")),
});

/** The state of the server at one moment. */
export const overview = v.strictObject({
  time,
  sessions: v.strictObject({ all: whole, loggedIn: whole, secure: whole }),
  transfers: v.strictObject({ uploads: whole, downloads: whole, listings: whole }),
  bans: whole,
  eventLoopLag: described(v.number(), "milliseconds that a turn of the event loop was late, measured for this answer"),
  moving: described(
    v.strictObject({ sent: whole, received: whole }),
    "bytes so far of the transfers that run: they are not in the totals yet",
  ),
  totals: described(
    v.strictObject({
      sessions: whole,
      logins: whole,
      failedLogins: whole,
      refusedConnections: whole,
      transfers: whole,
      failedTransfers: whole,
      bytesSent: whole,
      bytesReceived: whole,
    }),
    "since the start; the bytes of transfers that have ended",
  ),
});

/** Settings and where they come from. */
export const settings = v.strictObject({
  settings: v.array(v.strictObject({ name: text, value: v.nullable(text), origin: text })),
});

/** The services that are sent events, and what they have not taken. */
export const webhooks = v.strictObject({
  webhooks: v.array(v.strictObject({
    endpoint: described(text, "its URL, without what may be secret in it"),
    waiting: described(whole, "events that are still to be delivered"),
    dead: described(whole, "events that are not sent any more"),
  })),
  deadLetters: described(
    v.array(v.strictObject({
      seq: described(whole, "its place in the queue"),
      id: described(text, "that of the event"),
      endpoint: text,
      event: described(v.record(v.string(), v.unknown()), "the body that is posted"),
      attempts: whole,
      died: time,
      error: described(text, "why"),
    })),
    "the newest, the last one first",
  ),
});

/** How many dead letters are sent once more. */
export const replayed = v.strictObject({ replayed: whole });

/** The certificates in use. */
export const certificates = v.strictObject({
  certificates: v.array(
    v.strictObject({
      names: v.array(text),
      notBefore: v.pipe(v.string(), v.isoTimestamp()),
      notAfter: v.pipe(v.string(), v.isoTimestamp()),
      daysLeft: described(whole, "whole days until it expires; negative once it has"),
    }),
  ),
});
