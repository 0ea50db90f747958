import { assertEquals } from "@std/assert";
import { runCommand } from "../../lib/cli/command.ts";
import { CommandRefused, UsageError } from "../../lib/cli/usage_error.ts";

Deno.test("runCommand escapes what a terminal would obey in the message of a mistake", async () => {
  let written = "";
  const streams = { stdout: () => {}, stderr: (text: string) => void (written += text) };
  const fail = (error: Error) => ({ usage: "", action: () => Promise.reject(error) });
  assertEquals(await runCommand([], streams, fail(new UsageError('File "\x1b[2J\x9b" is\nfünf'))), 2);
  assertEquals(await runCommand([], streams, fail(new CommandRefused("\x07"))), 1);
  assertEquals(written, 'denoftpd: File "\\u001b[2J\\u009b" is\nfünf\ndenoftpd: \\u0007\n');
});
