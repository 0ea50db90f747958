/**
 * Several sessions over TLS with servers that may demand the session of the control connection on each data connection.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { ARE_MISSING, PEERS, withPeer } from "./peers.ts";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));
const FILES = 32;

for (const server of PEERS.filter(({ tls }) => tls)) {
  Deno.test({
    name: `A mirror with four sessions over TLS brings every file (${server.name})`,
    ignore: ARE_MISSING,
    // The process and its pipe end with the test, but not within its last turn of the event loop.
    sanitizeResources: false,
    sanitizeOps: false,
    fn: () =>
      withPeer(server, true, async ({ client: { user, password, port }, home, root, local }) => {
        await Deno.mkdir(join(root, "d"), { mode: 0o755 });
        for (let index = 0; index < FILES; index++) {
          await Deno.writeTextFile(join(root, "d", `f${index}`), `content ${index}`, { mode: 0o644 });
        }
        const url = `ftpes://${user}:${password}@127.0.0.1:${port}/${home}/d`;
        const command = new Deno.Command(Deno.execPath(), {
          args: ["run", "--allow-all", "--no-prompt", MAIN, "mirror", "--insecure", "--parallel", "4", url, local],
          env: { HOME: local, XDG_CONFIG_HOME: join(local, ".config"), XDG_STATE_HOME: join(local, ".state") },
        });
        const { code, stderr } = await command.output();
        assertEquals(code, 0, new TextDecoder().decode(stderr));
        for (let index = 0; index < FILES; index++) {
          assertEquals(await Deno.readTextFile(join(local, `f${index}`)), `content ${index}`);
        }
      }),
  });
}
