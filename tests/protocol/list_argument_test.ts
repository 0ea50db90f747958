import { assertEquals } from "@std/assert";
import { parseListArgument } from "../../lib/protocol/list_argument.ts";

for (
  const [argument, flags, path, literal] of [
    [undefined, "", undefined, undefined],
    ["", "", undefined, undefined],
    ["dir", "", "dir", undefined],
    [" a  b ", "", " a  b ", undefined],
    ["-a", "a", undefined, "-a"],
    ["-la", "la", undefined, "-la"],
    ["-l -a", "la", undefined, "-l -a"],
    ["-la dir with space", "la", "dir with space", "-la dir with space"],
    ["-l -a *.txt", "la", "*.txt", "-l -a *.txt"],
    ["-l  dir", "l", " dir", "-l  dir"],
    ["-a ", "a", undefined, "-a "],
    ["-1", "1", undefined, "-1"],
    ["--", "", undefined, "--"],
    ["-- -la", "", "-la", "-- -la"],
    ["-l -- -a", "l", "-a", "-l -- -a"],
    ["-", "", "-", undefined],
    ["- a", "", "- a", undefined],
    ["-l -", "l", "-", "-l -"],
    ["-report.txt", "", "-report.txt", undefined],
    ["--all", "", "--all", undefined],
    ["dir -la", "", "dir -la", undefined],
  ] as const
) {
  Deno.test(`parseListArgument reads ${JSON.stringify(argument)}`, () => {
    assertEquals(parseListArgument(argument), { flags, path, literal });
  });
}
