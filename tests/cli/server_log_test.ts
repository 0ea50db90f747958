import { assertEquals } from "@std/assert";
import { openServerLog } from "../../lib/cli/serve/server_log.ts";
import { withDefaults } from "../../lib/cli/settings/table.ts";

const decoder = new TextDecoder();

Deno.test("Lines of the log that were lost up to the end are told, though nothing comes after them", async () => {
  const reader = Promise.withResolvers<void>();
  let written = "";
  const log = async (bytes: Uint8Array) => {
    await reader.promise;
    written += decoder.decode(bytes);
    return bytes.length;
  };
  const io = { stdout: () => {}, stderr: () => {}, log };
  const opened = await openServerLog(withDefaults({}), io, { owner: undefined });
  const message = "x".repeat(100_000);
  for (let index = 0; index < 12; index++) opened.events.emit({ type: "notice", level: "info", message });
  const ending = opened[Symbol.asyncDispose]();
  reader.resolve();
  await ending;
  const lines = written.trim().split("\n");
  assertEquals(lines.filter((line) => line.endsWith(message)).length, 10);
  assertEquals(lines.at(-1)?.slice(25), "error   Lost 2 lines of the log: it was not read, or could not be written");
});
