/** Redis with TLS, a user of its own, and files for what is secret, as `serve` is started with them. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runPermissions } from "../../lib/cli/permissions/command.ts";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { serve, startServe } from "../cli/serve_process.ts";
import { Redis } from "../helpers/redis.ts";
import { Wire } from "../helpers/wire.ts";

const ignore = !Redis.isInstalled;
const SECRET = "of-redis-1";

/** What `denoftpd permissions` prints for these flags. */
async function permissionsFor(flags: readonly string[]): Promise<string[]> {
  let printed = "";
  const io = { stdout: (text: string) => void (printed += text), stderr: (text: string) => assert(false, text) };
  assertEquals(await runPermissions(flags, io), 0);
  return printed.trimEnd().split("\n");
}

Deno.test({
  name:
    "Redis with TLS: a user with a password file is let in with our own authority, and told what is wrong otherwise",
  ignore,
  async fn() {
    const tls = await createSelfSigned();
    await using redis = await Redis.start({ user: "node", password: SECRET, tls });
    const cwd = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-cluster-" }));
    try {
      await Deno.mkdir(join(cwd, "files"));
      const [ca, password] = [join(cwd, "ca.pem"), join(cwd, "password")];
      await Deno.writeTextFile(ca, tls.certificate);
      await Deno.writeTextFile(password, `${SECRET}\n`);
      const base = ["--port", "0", "--anonymous", join(cwd, "files"), "--allow-root", "--node", "one"];
      const at = (scheme: string, user = "node") => ["--cluster", `${scheme}://${user}@127.0.0.1:${redis.port}`];
      const login = ["--cluster-password-file", password];
      const flags = [...base, ...at("rediss"), ...login, "--cluster-ca-file", ca, "--log-level", "debug"];
      {
        await using node = await startServe({ permissions: await permissionsFor(flags), flags, cwd });
        await node.logged(/Connected to rediss:\/\/127\.0\.0\.1:\d+ as one:/);
        await using wire = await Wire.connect(node.port);
        await wire.expectReply(220);
        assert(!node.stderr.includes(SECRET), node.stderr);
      }
      const said = async (...more: string[]) => {
        await using node = await startServe({ permissions: ["--allow-all"], flags: [...base, ...more], cwd });
        return await node.logged(/Cannot reach redis[^\n]*/);
      };
      assertStringIncludes(
        await said(...at("rediss"), ...login),
        "authority of its certificate with --cluster-ca-file",
      );
      assertStringIncludes(await said(...at("redis"), ...login), `redis://127.0.0.1:${redis.port}`);
      const ended = await serve({
        permissions: ["--allow-all"],
        flags: [...base, ...at("rediss", "nobody"), ...login, "--cluster-ca-file", ca],
        cwd,
      });
      assertEquals(ended.code, 2);
      assertStringIncludes(ended.stderr, 'Flag "--cluster": rediss://127.0.0.1:');
      assertStringIncludes(ended.stderr, "refuses the login: WRONGPASS");
      assert(!ended.stderr.includes(SECRET), ended.stderr);
    } finally {
      await Deno.remove(cwd, { recursive: true });
    }
  },
});
