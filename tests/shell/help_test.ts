import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ShellUsageError } from "../../lib/shell/errors.ts";
import { helpFor } from "../../lib/shell/help.ts";
import { findCommand } from "../../lib/shell/lookup.ts";
import { SHELL_COMMANDS } from "../../lib/shell/table.ts";

/** The commands that people's fingers know, and their short forms. */
const KNOWN = [
  ..."open user close ls dir nlist cd cdup pwd lcd lpwd get put mget mput reget reput append mkdir rmdir".split(" "),
  ..."delete mdelete rename chmod size modtime stat site quote passive ascii binary hash".split(" "),
  ..."mirror copy jobs queue bookmark prompt help bye ll rm mv ? quit exit recv send".split(" "),
];

Deno.test("The shell has the commands that people know, each name once", () => {
  for (const name of KNOWN) assertEquals(findCommand(SHELL_COMMANDS, name).names.includes(name), true, name);
  const names = SHELL_COMMANDS.flatMap((command) => command.names);
  assertEquals(names.length, new Set(names).size);
});

Deno.test("help lists every command, and explains each", () => {
  const overview = helpFor(SHELL_COMMANDS, undefined, 200);
  for (const { names, summary } of SHELL_COMMANDS) {
    assertStringIncludes(overview, `  ${names.join(" ")}`);
    assertStringIncludes(overview, summary);
    assertStringIncludes(helpFor(SHELL_COMMANDS, names[0], 80), `Usage: ${names[0]}`);
  }
  assert(helpFor(SHELL_COMMANDS, undefined, 80).split("\n").every((line) => line.length <= 80));
  assertThrows(() => helpFor(SHELL_COMMANDS, "nonsense", 80), ShellUsageError, "Unknown command");
});
