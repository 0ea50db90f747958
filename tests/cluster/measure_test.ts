/** The measurement of many sessions (`deno task measure:cluster`), with few of them. */

import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { Redis } from "../helpers/redis.ts";

const PROGRAM = fromFileUrl(new URL("../../scripts/measure_cluster.ts", import.meta.url));

/** The client that measures is a C program. */
function hasCompiler(): boolean {
  try {
    return new Deno.Command("cc", { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}

/** The first columns of each line of a table. */
function beginnings(output: string): string[][] {
  const lines = output.split("\n").filter((line) => line.startsWith("|"));
  return lines.map((line) => line.split("|").slice(1, 4).map((cell) => cell.trim()));
}

Deno.test({
  name: "measure:cluster counts all sessions, and leaves none",
  ignore: !Redis.isInstalled || !hasCompiler(),
  async fn() {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-all", PROGRAM, "--nodes", "2", "--direct", "24", "--balanced", "16"],
      stdin: "null",
      stderr: "inherit",
    }).output();
    const output = new TextDecoder().decode(stdout);
    const [, , ...lines] = beginnings(output);
    assertEquals(lines, [["direct", "24", "2"], ["through HAProxy", "16", "2"]], output);
  },
});
