import { assert, assertEquals, assertMatch } from "@std/assert";
import { EventStream, type Untimed } from "../../lib/events.ts";
import { type LogFormat, type LogLevel, startLog } from "../../lib/log/log.ts";

const TIME = Date.UTC(2026, 10, 29, 14, 1, 2, 345);
const actor = { session: "7", address: "192.0.2.1", user: "ann" };

const EVENTS: readonly Untimed[] = [
  { type: "sessionOpened", session: "7", address: "192.0.2.1" },
  { type: "login", ...actor, name: "ann", ok: true, protection: "TLSv1.3" },
  {
    type: "login",
    session: "8",
    address: "192.0.2.2",
    name: "bob",
    ok: false,
    reason: "password",
    protection: "clear",
  },
  { type: "command", ...actor, line: "PASS ***" },
  { type: "reply", ...actor, code: 230, text: "Logged in" },
  { type: "transferStarted", ...actor, verb: "STOR", direction: "upload", path: "/a b", offset: 0 },
  { type: "transferStarted", ...actor, verb: "RETR", direction: "download", path: "/c", offset: 1, size: 9 },
  {
    type: "transfer",
    ...actor,
    verb: "STOR",
    direction: "upload",
    path: "/a b",
    bytes: 5,
    offset: 0,
    milliseconds: 12.4,
    ascii: false,
    complete: true,
    reason: "none",
    sha256: "00ff",
  },
  { type: "fileChanged", ...actor, change: "renamed", path: "/a", to: "/b" },
  { type: "connectionRefused", address: "192.0.2.3", reason: "Too many sessions" },
  { type: "problem", level: "error", message: "STOR failed", error: new Error("no disk", { cause: "EIO" }) },
  { type: "notice", level: "debug", message: "Control connection ended" },
  { type: "notice", level: "info", message: "Reloaded 2 accounts" },
  { type: "sessionClosed", ...actor, reason: "quit" },
];

/** The lines that a log of this level and format writes of `events`. */
function linesOf(level: LogLevel, format: LogFormat, events: readonly Untimed[] = EVENTS): string[] {
  const lines: string[] = [];
  const { listener, types } = startLog({ level, format, write: (line) => lines.push(line) });
  const stream = new EventStream({ clock: () => TIME });
  using _log = stream.on(listener, types);
  for (const event of events) stream.emit(event);
  return lines;
}

Deno.test("startLog writes one line for each event, with time, level, session and user", () => {
  const lines = linesOf("debug", "text");
  assertEquals(lines.length, EVENTS.length);
  for (const line of lines) assertMatch(line, /^2026-11-29T14:01:02\.345(Z|[+-]\d\d:\d\d) [a-z]+ +[^\n]+\n$/);
  const texts = lines.map((line) => line.slice(line.indexOf(" ") + 1, -1));
  assertEquals(texts, [
    "info    [7 -@192.0.2.1] Session opened",
    'info    [7 ann@192.0.2.1] Logged in as "ann" (TLSv1.3)',
    'warning [8 -@192.0.2.2] Login as "bob" failed: wrong password (clear)',
    'debug   [7 ann@192.0.2.1] > "PASS ***"',
    'debug   [7 ann@192.0.2.1] < 230 "Logged in"',
    'debug   [7 ann@192.0.2.1] STOR "/a b" started',
    'debug   [7 ann@192.0.2.1] RETR "/c" started, 9 bytes',
    'info    [7 ann@192.0.2.1] STOR "/a b" 5 bytes in 12 ms: complete',
    'info    [7 ann@192.0.2.1] renamed "/a" to "/b"',
    "warning Refused 192.0.2.3: Too many sessions",
    'error   STOR failed: Error: no disk ("EIO")',
    "debug   Control connection ended",
    "info    Reloaded 2 accounts",
    "info    [7 ann@192.0.2.1] Session closed: quit",
  ]);
});

Deno.test("startLog writes nothing below its level", () => {
  const counts = { debug: EVENTS.length, info: 9, warning: 3, error: 1 };
  for (const [level, count] of Object.entries(counts)) {
    assertEquals(linesOf(level as LogLevel, "text").length, count, level);
  }
});

Deno.test("startLog does not ask for commands and replies above the debug level", () => {
  const { types } = startLog({ level: "info", format: "text", write: () => {} });
  assert(!types.includes("command") && !types.includes("reply"));
});

Deno.test("startLog asks for digests of transferred files where its lines show them", () => {
  const asks = (level: LogLevel, format: LogFormat) => {
    const { listener, types } = startLog({ level, format, write: () => {} });
    const stream = new EventStream();
    using _log = stream.on(listener, types);
    return [stream.wants("transfer"), stream.wantsDigests];
  };
  assertEquals(asks("info", "text"), [true, false]);
  assertEquals(asks("info", "json"), [true, true]);
  assertEquals(asks("warning", "json"), [false, false]);
});

Deno.test("startLog writes JSON lines with the properties of the event", () => {
  const records = linesOf("debug", "json").map((line) => {
    assert(line.endsWith("\n") && line.indexOf("\n") === line.length - 1);
    return JSON.parse(line);
  });
  const transfer = records.find((each) => each.event === "transfer");
  assertEquals([transfer.session, transfer.user, transfer.path, transfer.bytes], ["7", "ann", "/a b", 5]);
  assertEquals([transfer.complete, transfer.reason, transfer.sha256], [true, "none", "00ff"]);
  assertEquals(transfer.level, "INFO");
  assertEquals(Date.parse(transfer["@timestamp"]), TIME);
  assertEquals("time" in transfer, false);
  assertMatch(records.find((each) => each.level === "ERROR")?.error ?? "", /no disk.*EIO/);
});

Deno.test("startLog lets no text from outside steer a terminal", () => {
  const evil = "\x1b[31m\x07\x7f\x9b2J\x85";
  const events: readonly Untimed[] = [
    { type: "command", ...actor, line: `MKD ${evil}` },
    { type: "problem", level: "warning", message: `Storage failed in STOR of "/${evil}"`, error: new Error(evil) },
  ];
  for (const line of linesOf("debug", "text", events)) {
    // deno-lint-ignore no-control-regex -- control characters are what this looks for
    assert(!/[\x00-\x1f\x7f-\x9f]/.test(line.trimEnd()), JSON.stringify(line));
    assert(line.includes("\\u001b[31m") && line.includes("\\u009b2J"), line);
  }
});

/** One of each kind that readers of text act on though a terminal does not, and how the log shows it. */
const UNSEEN = [
  ["\u2028", "\\u2028"],
  ["\u2029", "\\u2029"],
  ["\u202e", "\\u202e"],
  ["\u061c", "\\u061c"],
  ["\u200e", "\\u200e"],
  ["\u200f", "\\u200f"],
  ["\u202a", "\\u202a"],
  ["\u2066", "\\u2066"],
  ["\u2069", "\\u2069"],
  ["\x85", "\\u0085"],
] as const;

Deno.test("startLog shows what ends lines or turns text round to Unicode, in both formats", () => {
  for (const [character, shown] of UNSEEN) {
    const events: readonly Untimed[] = [
      { type: "fileChanged", ...actor, change: "deleted", path: `/a${character}b` },
      { type: "problem", level: "warning", message: `Failed at "/a${character}b"`, error: new Error(character) },
    ];
    for (const format of ["text", "json"] as const) {
      for (const line of linesOf("debug", format, events)) {
        assert(!line.includes(character), JSON.stringify(line));
        assert(line.includes(`${shown}b`), line);
      }
    }
  }
});

Deno.test("startLog leaves JSON lines with their properties as they were", () => {
  const path = UNSEEN.map(([character]) => character).join("");
  const [line = ""] = linesOf("debug", "json", [{ type: "fileChanged", ...actor, change: "deleted", path }]);
  assertEquals(JSON.parse(line).path, path);
});

Deno.test("startLog lets no text from outside begin a line of its own", () => {
  const evil = "x\r\n2024-01-01T00:00:00Z INFO    [1 root@127.0.0.1] Logged in {0} {name}";
  const events: readonly Untimed[] = [
    { type: "command", ...actor, line: evil },
    {
      type: "login",
      session: "1",
      address: "192.0.2.1",
      name: evil,
      ok: false,
      reason: "unknown",
      protection: "clear",
    },
    { type: "fileChanged", ...actor, change: "renamed", path: evil, to: evil },
    { type: "problem", level: "error", message: "STOR failed", error: new Error(evil) },
  ];
  for (const format of ["text", "json"] as const) {
    const lines = linesOf("debug", format, events);
    assertEquals(lines.length, events.length);
    for (const line of lines) {
      assertEquals(line.trimEnd().split(/[\r\n]/).length, 1, line);
      assert(line.includes("{0} {name}"), line);
    }
  }
});
