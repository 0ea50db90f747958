import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { History, HISTORY_LINES } from "../../lib/shell/history.ts";

async function withFile(body: (path: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "denoftpd-history-" });
  try {
    await body(join(directory, "state", "history"));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const modeOf = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;

Deno.test("History keeps lines for later sessions, for its owner alone", () =>
  withFile(async (path) => {
    const history = new History(path);
    assertEquals(await history.load(), []);
    for (const line of ["ls", "get a", "get a", "bye"]) await history.add(line);
    assertEquals(await new History(path).load(), ["bye", "get a", "ls"]);
    if (Deno.build.os !== "windows") {
      assertEquals(await modeOf(path), 0o600);
      assertEquals(await modeOf(join(path, "..")), 0o700);
    }
  }));

Deno.test({
  name: "History takes a file from others that they may read",
  ignore: Deno.build.os === "windows",
  fn: () =>
    withFile(async (path) => {
      await Deno.mkdir(join(path, ".."));
      await Deno.writeTextFile(path, "old\n", { mode: 0o644 });
      await new History(path).add("new");
      assertEquals(await modeOf(path), 0o600);
      assertEquals(await Deno.readTextFile(path), "old\nnew\n");
    }),
});

Deno.test("History leaves the latest lines in a file that has become long", () =>
  withFile(async (path) => {
    await Deno.mkdir(join(path, ".."));
    const lines = Array.from({ length: 2 * HISTORY_LINES + 1 }, (_, index) => `line ${index}`);
    await Deno.writeTextFile(path, lines.join("\n") + "\n");
    const history = new History(path);
    assertEquals((await history.load()).length, HISTORY_LINES);
    await history.trim();
    assertEquals((await Deno.readTextFile(path)).split("\n").length, HISTORY_LINES + 1);
    assertEquals((await new History(path).load())[0], `line ${2 * HISTORY_LINES}`);
  }));
