import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { runPermissions } from "../../lib/cli/permissions/command.ts";
import { Wire } from "../helpers/wire.ts";
import { startServe } from "./serve_process.ts";

for (const workers of Deno.build.os === "linux" ? ["1", "2"] : ["1"]) {
  Deno.test(`serve --auth-url asks a service about accounts that the file lacks, ${workers} workers`, async () => {
    const cwd = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-auth-" }));
    await Deno.mkdir(join(cwd, "ann"));
    await Deno.writeTextFile(join(cwd, "users.json"), '{"accounts": []}');
    try {
      let status = 200;
      await using service = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
        const { name, password } = await request.json();
        if (status !== 200) return new Response(null, { status });
        if (name !== "ann") return new Response(null, { status: 404 });
        if (password !== "right") return new Response(null, { status: 401 });
        return Response.json({ root: join(cwd, "%u"), permissions: "rw" });
      });
      const url = `http://127.0.0.1:${service.addr.port}/login`;
      const flags = ["--users", "users.json", "--port", "0", "--allow-root", "--workers", workers, "--auth-url", url];
      await using server = await startServe({ permissions: ["--allow-all"], flags, cwd });
      const login = async (name: string, password: string) => {
        const wire = await Wire.connect(server.port);
        await wire.expectReply(220);
        await wire.expect(`USER ${name}`, 331);
        return { wire, code: (await wire.say(`PASS ${password}`)).code };
      };
      // Those of the service can.
      assertEquals(server.stderr.includes("No account can log in"), false);
      const known = await login("ann", "right");
      assertEquals(known.code, 230);
      for (const [name, password] of [["ann", "wrong"], ["bob", "right"]] as const) {
        const { wire, code } = await login(name, password);
        assertEquals([name, code], [name, 530]);
        wire.close();
      }
      status = 500;
      const down = await login("bob", "right");
      assertEquals(down.code, 421);
      down.wire.close();
      // A reload of the file has no say about accounts from elsewhere.
      server.kill("SIGHUP");
      await server.logged(/Reloaded 0 accounts/);
      await known.wire.expect("MKD d", 257);
      known.wire.close();
      server.kill("SIGTERM");
      assertEquals(await server.code, 0);
      assertMatch(server.stderr, /error .*"http:\/\/127\.0\.0\.1:\d+\/login" does not answer about logins/);
    } finally {
      await Deno.remove(cwd, { recursive: true });
    }
  });
}

Deno.test("permissions has the addresses that are asked about logins, and the directory of roots by name", async () => {
  let text = "";
  const ldap = {
    url: "ldaps://ldap.example",
    base: "dc=example",
    filter: "(uid=%u)",
    account: { root: "/srv/ftp/%u", permissions: "rw" },
  };
  const flags = ["--anonymous", "/", "--auth-url", "https://auth.example/login", "--ldap", JSON.stringify(ldap)];
  assertEquals(
    await runPermissions(flags, { stdout: (more) => void (text += more), stderr: (more) => assert(false, more) }),
    0,
  );
  assertMatch(text, /^--allow-net=127\.0\.0\.1,auth\.example:443,ldap\.example:636$/m);
  assertMatch(text, /^--allow-write=\/srv\/ftp$/m);
});
