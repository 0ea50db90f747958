import { assertEquals, assertThrows } from "@std/assert";
import { formatCommandLine, parseCommandLine, splitSubcommand } from "../../lib/protocol/line_reader.ts";

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
