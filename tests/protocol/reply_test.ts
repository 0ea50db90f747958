import { assert, assertEquals } from "@std/assert";
import * as reply from "../../lib/protocol/reply.ts";

Deno.test("formatReply ends a reply with exactly one CR LF", () => {
  assertEquals(reply.formatReply({ code: 200, text: "OK" }), "200 OK\r\n");
  assertEquals(reply.formatReply({ code: 200, text: "" }), "200 \r\n");
});

Deno.test("formatReply frames several lines as RFC 959 section 4.2 does, and indents those between", () => {
  const text = ["Features:", "SIZE", "211 End", "End"];
  assertEquals(reply.formatReply({ code: 211, text }), "211-Features:\r\n SIZE\r\n 211 End\r\n211 End\r\n");
  assertEquals(reply.formatReply({ code: 211, text: ["One"] }), "211 One\r\n");
  assertEquals(reply.formatReply({ code: 211, text: ["One", "Two"] }), "211-One\r\n211 Two\r\n");
  assertEquals(reply.formatReply({ code: 211, text: [] }), "211 \r\n");
});

Deno.test("formatReply lets no text end the line or start another reply", () => {
  const evil = "a\r\n226 Done\0\x1b[2J\x7f\nb";
  assertEquals(reply.formatReply({ code: 550, text: evil }), "550 a??226 Done??[2J??b\r\n");
  const lines = reply.formatReply({ code: 213, text: [evil, evil, evil] });
  assertEquals(lines.split("\r\n").length, 4);
  for (const control of ["\0", "\x1b", "\x7f"]) assert(!lines.includes(control));
});

Deno.test("formatReply keeps tabs and every other character of a name", () => {
  assertEquals(reply.formatReply({ code: 250, text: "a\tb ä 日本 🦊 \u2028" }), "250 a\tb ä 日本 🦊 \u2028\r\n");
});

/** Codes that clients compare as whole numbers, and texts that they read by machine. */
Deno.test("Replies have the codes and texts that clients depend on", () => {
  const table: readonly [reply.Reply, string][] = [
    [reply.openingData("I", "a", 5), "150 Opening BINARY mode data connection for a (5 bytes)"],
    [reply.openingData("A", "a"), "150 Opening ASCII mode data connection for a"],
    [reply.uniqueName("a b"), "150 FILE: a b"],
    [reply.systemType("UNIX Type: L8"), "215 UNIX Type: L8"],
    [reply.fileStatus("10"), "213 10"],
    [reply.fileActionDone("Renamed"), "250 Renamed"],
    [reply.pathCreated('"/a"', "created"), '257 "/a" created'],
    [reply.wrongFamily("1"), "522 Network protocol not supported, use (1)"],
    [reply.wrongFamily("2"), "522 Network protocol not supported, use (2)"],
  ];
  for (const [given, line] of table) assertEquals(reply.formatReply(given), `${line}\r\n`);
});

Deno.test("Replies that end the session, and only those, are 221 and 421", () => {
  for (const [name, value] of Object.entries(reply)) {
    if (typeof value !== "object") continue;
    assertEquals(value.then === "close", value.code === 221 || value.code === 421, name);
  }
  assertEquals([reply.closing("x").then, reply.tooManySessions("x").then, reply.startTls.then], [
    "close",
    "close",
    "secure",
  ]);
});
