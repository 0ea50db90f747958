import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl, join } from "@std/path";

Deno.test("serve writes all of its log and an uncaught error before it ends with status 1", async () => {
  const directory = await Deno.makeTempDir();
  const xferlog = join(directory, "xferlog");
  const program = fromFileUrl(new URL("./uncaught_program.ts", import.meta.url));
  const output = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--allow-all", program, "--port", "0", "--allow-root"],
      ...["--anonymous", directory, "--xferlog", xferlog],
    ],
    stdin: "null",
  }).output();
  const files = (await Deno.readTextFile(xferlog)).match(/ \/file-\d+ b _ o r ann ftp 0 \* c$/gm);
  await Deno.remove(directory, { recursive: true });
  const stderr = new TextDecoder().decode(output.stderr);
  assertEquals(output.code, 1, stderr.slice(-500));
  assertEquals(stderr.match(/^\S+ info +Line \d+$/gm)?.length, 5000);
  assertEquals(files?.length, 5000);
  assertMatch(
    stderr,
    / error {3}Stopped by an error after .*: "Error: Out of the blue\\n +at .*uncaught_program\.ts.*"\n$/,
  );
});
