import { assertEquals, assertThrows } from "@std/assert";
import { type Flag, flagLines, readFlags } from "../../lib/cli/flags.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";

const FLAGS = [
  { name: "port", value: "N", help: "control port", fallback: "2121" },
  { name: "user", value: "NAME", help: "account", repeats: true },
  { name: "allow-root", help: "allow running as root" },
] as const satisfies readonly Flag[];

const read = (...args: string[]) => readFlags(args, { command: "serve", flags: FLAGS, most: 1 });

Deno.test("readFlags returns values, repeated values, switches and the rest", () => {
  const given = read("--port=no", "add", "--user", "a", "--user=b", "--allow-root");
  assertEquals([given.text("port"), given.texts("user"), given.isOn("allow-root")], ["no", ["a", "b"], true]);
  assertEquals(given.rest, ["add"]);
  assertEquals([read().text("port"), read().texts("user"), read().isOn("allow-root")], [undefined, [], false]);
});

Deno.test("readFlags takes a negative number or a dash for the value of the flag before it", () => {
  assertEquals(read("--port", "-5").text("port"), "-5");
  assertEquals(read("--user", "-", "add").text("user"), "-");
});

Deno.test("readFlags gives a flag that may stand alone its value", () => {
  const flags = [...FLAGS, { name: "fsync", value: "[WHEN]", help: "when", bare: "close" }] as const;
  const fsync = (...args: string[]) => readFlags(args, { command: "serve", flags }).text("fsync");
  for (const args of [["--fsync"], ["--fsync", "--port", "5"], ["--port", "5", "--fsync"], ["--fsync=close"]]) {
    assertEquals(fsync(...args), "close", args.join(" "));
  }
  assertEquals([fsync("--fsync", "never"), fsync()], ["never", undefined]);
});

Deno.test("readFlags accepts true, false and nothing for a switch", () => {
  const given = ["--allow-root=true", "--allow-root", "--allow-root=1", "--allow-root=YES", "--allow-root=false"];
  const states = [...given, "--allow-root=off", "--allow-root=0"].map((arg) => read(arg).isOn("allow-root"));
  assertEquals(states, [true, true, true, true, false, false, false]);
});

for (
  const [args, message] of [
    [["--allow-root=maybe"], 'Flag "--allow-root" must be true or false, or without a value, not "maybe"'],
    [["--allow-root="], 'Flag "--allow-root" must be true or false, or without a value, not ""'],
    [["--prot=secret"], 'Unknown flag "--prot": did you mean "--port"? See denoftpd help serve'],
    [["--something-else"], 'Unknown flag "--something-else", see denoftpd help serve'],
    [["-p"], 'Unknown flag "-p", see denoftpd help serve'],
    [["--port"], 'Flag "--port" needs a value'],
    [["--user="], 'Flag "--user" needs a value'],
    [["--port", "1", "--port", "2"], 'Flag "--port" was given twice'],
    [["add", "remove"], 'Unexpected argument "remove", see denoftpd help serve'],
  ] as const
) {
  Deno.test(`readFlags refuses ${args.join(" ")}`, () => {
    assertEquals(assertThrows(() => read(...args), UsageError).message, message);
  });
}

Deno.test("flagLines puts the help into one column, with the defaults, in lines of 120 characters", () => {
  const long = { name: "long", value: "A-B", help: "word ".repeat(30).trimEnd() };
  const lines = flagLines([...FLAGS, long]).split("\n");
  assertEquals(lines.slice(0, 3), [
    "  --port N      control port (2121)",
    "  --user NAME   account",
    "  --allow-root  allow running as root",
  ]);
  assertEquals(lines.slice(3).map((line) => line.length), [120, 60, 0]);
  assertEquals(lines[4]?.slice(0, 20), "                word");
});
