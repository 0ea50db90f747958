import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";

Deno.test("serve writes all of its log and an uncaught error before it ends with status 1", async () => {
  const directory = await Deno.makeTempDir();
  const program = fromFileUrl(new URL("./uncaught_program.ts", import.meta.url));
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", program, "--port", "0", "--anonymous", directory, "--allow-root"],
    stdin: "null",
  }).output();
  await Deno.remove(directory);
  const stderr = new TextDecoder().decode(output.stderr);
  assertEquals(output.code, 1, stderr.slice(-500));
  assertEquals(stderr.match(/^\S+ info +Line \d+$/gm)?.length, 5000);
  assertMatch(
    stderr,
    / error {3}Stopped by an error after .*: "Error: Out of the blue\\n +at .*uncaught_program\.ts.*"\n$/,
  );
});
