import { assert, assertEquals, assertMatch } from "@std/assert";
import { freeRange } from "../helpers/free_range.ts";
import { Wire } from "../helpers/wire.ts";
import { startServe } from "./serve_process.ts";

for (const workers of [1, 2]) {
  Deno.test({
    name:
      `serve --node-slices listens on the ports of its node alone, and names the node in ids (--workers ${workers})`,
    ignore: workers > 1 && Deno.build.os !== "linux",
    fn: async () => {
      const cwd = await Deno.makeTempDir();
      const { first } = freeRange(30);
      const slices = `here=${first + 10}-${first + 19},there=${first}-${first + 9},yonder=${first + 20}-${first + 29}`;
      const flags = ["--port", "0", "--anonymous", ".", "--allow-root", "--workers", String(workers)];
      {
        await using server = await startServe({
          permissions: ["--allow-all"],
          flags: [...flags, "--node", "here", "--node-slices", slices, "--log-level", "debug"],
          cwd,
        });
        const opened = server.logged(/(here\.\S*) +\S*/);
        await using ftp = await Wire.connect(server.port);
        await ftp.expectReply(220);
        await ftp.login("anonymous", "me@example.org");
        for (let times = 0; times < 20; times++) {
          const port = Number(/\|(\d+)\|/.exec((await ftp.expect("EPSV", 229)).lines.join())?.[1]);
          assert(first + 10 <= port && port <= first + 19, `${port} of ${slices}`);
        }
        assertMatch(await opened, workers === 1 ? /^here\.1$/ : /^here\.[12]-1$/);
        server.kill("SIGTERM");
        assertEquals(await server.code, 0);
      }
      await Deno.remove(cwd, { recursive: true });
    },
  });
}
