import { assertEquals, assertThrows } from "@std/assert";
import {
  formatCommandLine,
  isHttpVerb,
  makeMask,
  parseCommandLine,
  splitSubcommand,
} from "../../lib/protocol/command_line.ts";

for (
  const [line, verb, argument] of [
    ["CWD", "CWD", undefined],
    ["CWD ", "CWD", ""],
    ["cwd a", "CWD", "a"],
    ["CWD  a b ", "CWD", " a b "],
    ['RETR "a" -l', "RETR", '"a" -l'],
    ["", "", undefined],
    [" PWD", "", "PWD"],
    ["paß secret", "paß", "secret"],
    ["PAſS secret", "PAſS", "secret"],
  ] as const
) {
  Deno.test(`parseCommandLine splits ${JSON.stringify(line)} at its first space`, () => {
    assertEquals(parseCommandLine(line), { verb, argument });
  });
}

Deno.test("formatCommandLine writes what parseCommandLine reads", () => {
  for (const argument of [undefined, "", "a", " a b ", '"x"', "Ünï"]) {
    assertEquals(parseCommandLine(formatCommandLine("RETR", argument)), { verb: "RETR", argument });
  }
});

Deno.test("formatCommandLine refuses a second command in the argument, and does not repeat it", () => {
  for (const argument of ["a\r\nDELE b", "a\nDELE b", "a\0b", "a\r"]) {
    const error = assertThrows(() => formatCommandLine("RETR", argument), TypeError, 'Cannot send "RETR"');
    assertEquals(error.message.includes("DELE"), false);
  }
});

Deno.test("splitSubcommand drops the spaces before the word and no others", () => {
  assertEquals(splitSubcommand("chmod 755 a b "), { verb: "CHMOD", argument: "755 a b " });
  assertEquals(splitSubcommand("  UTF8 ON"), { verb: "UTF8", argument: "ON" });
  assertEquals(splitSubcommand("HELP"), { verb: "HELP", argument: undefined });
});

for (
  const [line, masked] of [
    ["PASS secret", "PASS ***"],
    ["pass secret word", "pass ***"],
    ["  PASS secret", "  PASS ***"],
    ["\t\u0001Pass\tsecret", "\t\u0001Pass ***"],
    ["PASS=secret", "PASS ***"],
    ["PASSsecret", "PASS ***"],
    ["PASS a\nb", "PASS ***"],
    ["ACCT billing", "ACCT ***"],
    ["PASS", "PASS"],
    ["USER PASS x", "USER PASS x"],
    ["PASV", "PASV"],
    ["RETR pass secret", "RETR pass secret"],
  ] as const
) {
  Deno.test(`makeMask makes ${JSON.stringify(masked)} of ${JSON.stringify(line)}`, () => {
    assertEquals(makeMask(["PASS", "ACCT"])(line), masked);
  });
}

Deno.test("makeMask masks nothing where no verb is secret", () => {
  assertEquals(makeMask([])("PASS secret"), "PASS secret");
});

Deno.test("isHttpVerb knows the first line of an HTTP request", () => {
  for (const line of ["GET / HTTP/1.1", "POST /x", "put http://a/ HTTP/1.0", "OPTIONS * HTTP/1.1", "PRI * HTTP/2.0"]) {
    assertEquals(isHttpVerb(line), true, line);
  }
  for (const line of ["GET", "GET file", "OPTS UTF8 ON", "DELE /x", "PUTS / HTTP/1.1", "USER GET / HTTP/1.1", ""]) {
    assertEquals(isHttpVerb(line), false, line);
  }
});
