/** One record is one line, whatever is in it, in each format. */

import { assert, assertEquals } from "@std/assert";
import { EVENT_TYPES, type ServerEvent, type TransferEnded } from "../../lib/events.ts";
import { type LogFormat, startLog } from "../../lib/log/log.ts";
import { formatXferlog } from "../../lib/log/xferlog.ts";

const LINE = '2026-11-29T14:01:02.345Z warning [9 -@192.0.2.66] Login as "x" failed: wrong password (clear)';

/** Every character that ends a line for somebody: Python's `splitlines` knows most. */
const LINE_ENDS = ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"];
/** What steers terminals, and what turns text round (UAX #9). */
const STEERING = [
  ...["\0", "\x07", "\x08", "\x1b[2J", "\x1b]0;title\x07", "\x7f", "\x9b1A", "\x90", "\t"],
  ...["\u061c", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068"],
  "\u2069",
];
const HOSTILE = [
  ...[...LINE_ENDS, ...STEERING].map((character) => `a${character}${LINE}${character}b`),
  ...['"', "\\", '\\"', "%s %d {0} ${x}", '","event":"login","ok":true,"x":"', "a b  c", " ", "\ud800", "\u{1f600}"],
  ...[`x] ${LINE}`, "[9 ann@192.0.2.66] ", "x".repeat(5000), "\u0430nn", "a\u00a0\u2003\ufeffb"],
];

// deno-lint-ignore no-control-regex -- control characters are what this looks for
const ENDS_OR_STEERS = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/** An event of each type with `text` wherever there is text from outside. */
function eventsWith(text: string): Record<ServerEvent["type"], ServerEvent> {
  const time = Date.UTC(2026, 10, 29);
  const actor = { time, session: "9", address: "192.0.2.1", user: text };
  const transfer = { ...actor, verb: "STOR", direction: "upload", path: text, offset: 0 } as const;
  const ban = { time, address: "192.0.2.1", network: "192.0.2.1" };
  const error = new Error(text, { cause: new Error(text) });
  const totals = { sessions: 1, logins: 1, failedLogins: 0, refusedConnections: 0, transfers: 0, failedTransfers: 0 };
  return {
    sessionOpened: { type: "sessionOpened", ...actor },
    sessionClosed: { type: "sessionClosed", ...actor, reason: text },
    connectionRefused: { type: "connectionRefused", time, address: "192.0.2.1", reason: text },
    proxyHeaderRefused: { type: "proxyHeaderRefused", time, balancer: "192.0.2.1", fault: "missing", times: 2 },
    addressBanned: { type: "addressBanned", ...ban, reason: text, until: time, round: 1 },
    addressAllowed: { type: "addressAllowed", ...ban, since: time },
    started: {
      ...{ type: "started", time, version: "0.1.0", address: "[::]:21", tls: "required", accounts: 1, workers: 1 },
      certificates: [{ names: [text, text], daysLeft: 1 }],
      accountsFile: text,
    },
    stopped: {
      ...{ type: "stopped", time, reason: "error", error, stack: text, milliseconds: 1 },
      ...totals,
      ...{ bytesSent: 0, bytesReceived: 0 },
    },
    login: { type: "login", ...actor, name: text, ok: false, reason: "files", protection: "clear", error },
    command: { type: "command", ...actor, line: text },
    refused: {
      ...{ type: "refused", ...actor, line: text, cwd: text, code: 550, reply: text, reason: "access" },
      ...{ path: text, right: "write", rule: text, error },
    },
    reply: { type: "reply", ...actor, code: 250, text },
    dataOpened: { type: "dataOpened", ...actor, secure: true },
    transferStarted: { type: "transferStarted", ...transfer },
    transfer: transferred(transfer, error),
    fileChanged: { type: "fileChanged", ...actor, change: "renamed", path: text, to: text },
    problem: { type: "problem", time, level: "error", message: text, error },
    notice: { type: "notice", time, level: "info", message: text, error },
  };
}

function transferred(
  fields: Omit<TransferEnded, "type" | "bytes" | "milliseconds" | "ascii" | "complete" | "reason">,
  error: Error,
): TransferEnded {
  return {
    ...{ type: "transfer", ...fields, bytes: 1, milliseconds: 1, ascii: false, complete: false, reason: "storage" },
    error,
  };
}

/** What a log of this format has of `events`, one text for each. */
function recordsOf(format: LogFormat, events: readonly ServerEvent[]): string[] {
  const records: string[] = [];
  const { listener } = startLog({ level: "debug", format, write: (record) => records.push(record) });
  for (const event of events) listener(event);
  return records;
}

for (const format of ["text", "json"] as const) {
  Deno.test(`A record of the log is one line as ${format}, whatever is in its event`, () => {
    for (const text of HOSTILE) {
      const events = Object.values(eventsWith(text));
      const records = recordsOf(format, events);
      assertEquals(records.length, EVENT_TYPES.length);
      for (const record of records) {
        assert(record.endsWith("\n"));
        assert(!ENDS_OR_STEERS.test(record.slice(0, -1)), JSON.stringify(record));
      }
    }
  });
}

Deno.test("A record as JSON gives back every name exactly, and as text begins with what the server knows", () => {
  for (const text of HOSTILE.filter((each) => each.isWellFormed())) {
    const { login, refused, transfer } = eventsWith(text);
    const [first, second, third] = recordsOf("json", [login, refused, transfer]).map((record) => JSON.parse(record));
    assertEquals([first.name, first.user, second.line, second.cwd, third.path], [text, text, text, text, text]);
    assertEquals([first.address, first.event, second.event, third.event], [
      ...["192.0.2.1", "login", "refused", "transfer"],
    ]);
    const [line = ""] = recordsOf("text", [{ ...login, user: undefined } as unknown as ServerEvent]);
    assert(line.startsWith('2026-11-29T00:00:00.000Z warning [9 -@192.0.2.1] Login as "'), line);
  }
});

Deno.test("A record of the xferlog has its fields, whatever the file and the account are called", () => {
  for (const text of HOSTILE) {
    const { transfer } = eventsWith(text);
    if (transfer.type !== "transfer") throw new Error("Another event");
    const line = formatXferlog(transfer) ?? "";
    assert(!ENDS_OR_STEERS.test(line), JSON.stringify(line));
    const fields = line.split(/\s+/);
    assertEquals(fields.length, 18, line);
    assertEquals([fields[6], fields[17]], ["192.0.2.1", "i"]);
  }
});
