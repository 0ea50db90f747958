import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));

for (const args of [["version"], ["help"], ["help", "serve"], ["manual"], ["config"]]) {
  Deno.test({
    name: `denoftpd ${args.join(" ")} ends without a word when nobody reads what it prints`,
    ignore: Deno.build.os === "windows",
    fn: async () => {
      // It begins when the other end of its pipe is closed for sure.
      const child = new Deno.Command("/bin/sh", {
        args: ["-c", 'read -r _; exec "$@"', "sh", Deno.execPath(), "run", "--quiet", "--allow-all", MAIN, ...args],
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      await child.stdout.cancel();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode("\n"));
      await writer.close();
      const stderr = await new Response(child.stderr).text();
      // As a shell reports a program that SIGPIPE has ended.
      assertEquals([(await child.status).code, stderr], [141, ""]);
    },
  });
}
