import { assert, assertEquals, assertMatch } from "@std/assert";
import { BALANCER, Balancer, binaryHeader } from "../helpers/balancer.ts";
import { freeRange } from "../helpers/free_range.ts";
import { Wire } from "../helpers/wire.ts";
import { startServe } from "./serve_process.ts";

/** For the control port, and ten passive ports. */
function balancerFor(port: number, passive: number): Balancer {
  const balancer = new Balancer((ends) => binaryHeader({ ...ends, source: { hostname: "192.0.2.7", port: 40000 } }));
  balancer.pass(port, ...Array.from({ length: 10 }, (_, index) => passive + index));
  return balancer;
}

for (const workers of [1, 2]) {
  Deno.test({
    name:
      `serve --node-slices listens on its ports alone, names the node in ids, and takes PROXY headers (--workers ${workers})`,
    ignore: workers > 1 && Deno.build.os !== "linux",
    fn: async () => {
      const cwd = await Deno.makeTempDir();
      const { first } = freeRange(30);
      const slices = `here=${first + 10}-${first + 19},there=${first}-${first + 9},yonder=${first + 20}-${first + 29}`;
      const flags = ["--port", "0", "--anonymous", ".", "--allow-root", "--workers", String(workers)];
      {
        await using server = await startServe({
          permissions: ["--allow-all"],
          flags: [
            ...flags,
            "--node",
            "here",
            "--node-slices",
            slices,
            "--proxy-from",
            BALANCER,
            "--log-level",
            "debug",
          ],
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
        // The same through a balancer, which is at another address.
        await using _balancer = balancerFor(server.port, first + 10);
        await using proxied = await Wire.connect(server.port, { hostname: BALANCER });
        await proxied.expectReply(220);
        await proxied.login("anonymous", "me@example.org");
        await server.logged(/\[here\.\S+ anonymous@192\.0\.2\.7\] /);
        assertEquals(await proxied.downloadText("NLST"), "");
        server.kill("SIGTERM");
        assertEquals(await server.code, 0);
      }
      await Deno.remove(cwd, { recursive: true });
    },
  });
}
