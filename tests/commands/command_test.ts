import { assert, assertEquals, assertThrows } from "@std/assert";
import * as argument from "../../lib/commands/arguments.ts";
import { command, makeMask, makeTable } from "../../lib/commands/command.ts";
import { commandTable } from "../../lib/commands/table.ts";

const row = (verb: string, aliases: readonly string[] = []) =>
  command(verb, { aliases, summary: "For the test", source: "none" })
    .with({ argument: argument.none, handler: () => ({ code: 200, text: verb }) });

Deno.test("makeTable finds a row by its verb and by each alias", () => {
  const table = makeTable(() => [row("A", ["XA", "YA"]), row("B")]);
  assertEquals(["A", "XA", "YA", "B"].map((verb) => table.find(verb)?.verb), ["A", "A", "A", "B"]);
  assertEquals(table.find("C"), undefined);
  assertEquals(table.find("a"), undefined, "verbs come in capitals");
  assertEquals(table.find("constructor"), undefined);
});

Deno.test("makeTable refuses two rows of one name", () => {
  assertThrows(() => makeTable(() => [row("A"), row("A")]).commands, Error, '"A"');
  assertThrows(() => makeTable(() => [row("A"), row("B", ["A"])]).find("A"), Error, '"A"');
});

Deno.test("commandTable says of each row what it is for and where it is defined", () => {
  const rows = commandTable.commands.flatMap((each) => [each, ...each.subcommands ?? []]);
  for (const { verb, summary, source, syntax, argumentName } of rows) {
    assert(/^[A-Z0-9]+$/.test(verb), verb);
    assert(/^[A-Z].*[^.]$/.test(summary) && summary.length <= 60, `${verb}: ${summary}`);
    assert(/^(\d{3,4} §|draft-|de facto)/.test(source), `${verb}: ${source}`);
    assertEquals(syntax === undefined, argumentName === "none", `${verb} has ${syntax ?? "no syntax"}`);
    if (argumentName === "optional") assert(syntax?.startsWith("["), `${verb}: ${syntax}`);
  }
});

Deno.test("commandTable makes rows wait for a transfer, except ABOR, QUIT and STAT", () => {
  const verbs = (wanted: (each: typeof commandTable.commands[number]) => unknown) =>
    commandTable.commands.filter(wanted).map(({ verb }) => verb).sort();
  assertEquals(verbs(({ direction }) => direction), ["APPE", "LIST", "MLSD", "NLST", "RETR", "STOR", "STOU"]);
  assertEquals(verbs(({ urgent }) => urgent), ["ABOR", "QUIT", "STAT"]);
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
