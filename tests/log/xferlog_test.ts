import { assertEquals } from "@std/assert";
import type { TransferEnded } from "../../lib/events.ts";
import { formatXferlog } from "../../lib/log/xferlog.ts";

const upload: TransferEnded = {
  type: "transfer",
  time: Date.UTC(2024, 1, 5, 3, 4, 5),
  session: "1",
  address: "192.0.2.1",
  user: "ann",
  verb: "STOR",
  direction: "upload",
  path: "/in/a.txt",
  bytes: 1234,
  offset: 0,
  milliseconds: 2600,
  ascii: false,
  complete: true,
  reason: "none",
};

Deno.test("formatXferlog writes the fields of xferlog(5)", () => {
  const line = "Mon Feb  5 03:04:05 2024 3 192.0.2.1 1234 /in/a.txt b _ i r ann ftp 0 * c";
  assertEquals(formatXferlog(upload), line);
});

Deno.test("formatXferlog shows direction, type, anonymous users and interrupted transfers", () => {
  const download: TransferEnded = {
    ...upload,
    user: "anonymous",
    direction: "download",
    ascii: true,
    complete: false,
    reason: "aborted",
    milliseconds: 1,
  };
  const line = "Mon Feb  5 03:04:05 2024 1 192.0.2.1 1234 /in/a.txt a _ o a anonymous ftp 0 * i";
  assertEquals(formatXferlog(download), line);
});

Deno.test("formatXferlog keeps a name with spaces and line ends in its field", () => {
  const line = formatXferlog({ ...upload, path: "/a b\r\nc\u2028d" }) ?? "";
  assertEquals(
    line.split(" ").length,
    "Mon Feb  5 03:04:05 2024 3 192.0.2.1 1234 /p b _ i r ann ftp 0 * c".split(" ").length,
  );
  assertEquals(/[\r\n\u2028]/.test(line), false);
});

Deno.test("formatXferlog has no line for a listing", () => {
  assertEquals(formatXferlog({ ...upload, direction: "listing" }), undefined);
});

Deno.test("formatXferlog shows no name in another order than it is in", () => {
  const line = formatXferlog({ ...upload, path: "/exe.\u202egpj\u2066\u200f" }) ?? "";
  assertEquals(line.split(" ").find((field) => field.startsWith("/")), "/exe._gpj__");
});
