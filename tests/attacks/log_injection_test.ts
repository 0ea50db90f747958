/**
 * Names that try to write lines of the log, or to speak to the terminal that shows it.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Target } from "./stage.ts";

/** What ends a line for some reader, moves a cursor, or turns text around. */
const MARKS = [..."\u0001\u0007\u0008\t\u000b\u000c\u001b\u007f\u0085\u009b\u200e\u202e\u2028\u2029\u2066\u2069\u061c"];
/** What would be a record, if a name could end a line. */
const FORGED = '2030-01-01T00:00:00.000Z info    [9 root@192.0.2.9] Logged in as "root"';
const NAMES = [
  ...MARKS.map((mark) => `a${mark}${FORGED}`),
  `"${FORGED}`,
  `\\n${FORGED}`,
  "{0} {name} %s ${x}",
  "\u001b]0;title\u0007\u001b[2J\u001b[31m",
];

for (const format of ["text", "json"]) {
  Deno.test(`No name makes a second line of the log or reaches a terminal, as ${format}`, async () => {
    await using target = await Target.start({ logLevel: "debug", flags: ["--log-format", format] });
    await using wire = await target.login();
    for (const name of NAMES) {
      for (const verb of ["MKD", "CWD", "SIZE", "DELE", "RNFR", "SITE CHMOD 600", name]) {
        await wire.say(`${verb} ${name}`);
      }
      await wire.upload(`STOR up ${name}`, "x").catch(() => {});
    }
    await Promise.all(NAMES.map(async (name) => {
      await using stranger = await target.connect();
      await stranger.say(`USER ${name}`);
      await stranger.say(`PASS ${name}`);
    }));
    await wire.expect("HELP last-of-all", 502);
    const log = await target.server.untilLogged(/last-of-all/i);
    check(log, format === "json" ? /^\{.*\}$/ : /^20[12]\d-\d\d-\d\dT[\d:.]+Z \w+ /);
    if (format === "json") { for (const line of log.trimEnd().split("\n")) JSON.parse(line); }
  });
}

/** Every line, for a reader that goes by Unicode, is a record, and nothing in it is for a terminal. */
function check(text: string, record: RegExp): void {
  // deno-lint-ignore no-control-regex -- these end a line for Python's splitlines
  const lines = text.trimEnd().split(/\r\n|[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]/);
  assert(lines.length > 10);
  for (const line of lines) {
    assertMatch(line, record);
    // deno-lint-ignore no-control-regex -- control characters are what this looks for
    assertEquals(/[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/.exec(line), null, line);
  }
  assert(!lines.some((line) => line.startsWith("2030")));
}
