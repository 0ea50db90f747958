import { existsSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import { LIBC_PATHS } from "../../lib/native/libc.ts";
import { duplicateSocket } from "../../lib/native/socket_descriptor.ts";
import { prepareListener } from "../../lib/native/socket_ends.ts";
import type { Connection, SocketAddress } from "../../lib/net/connection.ts";
import { Terminator } from "../../lib/tls/relay/terminator.ts";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { nativeTest, withLibc } from "../helpers/native.ts";

const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const SOL_SOCKET = 1;
const SO_KEEPALIVE = 9;

nativeTest(
  "prepareListener lets what is accepted send each write at once, also under TLS, and keeps it alive",
  async () => {
    const path = LIBC_PATHS.find((path) => existsSync(path));
    assert(path !== undefined);
    await withLibc(async (libc) => {
      const asking = Deno.dlopen(path, {
        getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
      });
      const has = (connection: Connection, level: number, option: number): boolean => {
        const descriptor = duplicateSocket(libc, connection);
        assert(descriptor !== undefined);
        const value = new Uint32Array(1);
        const size = new Uint32Array([value.byteLength]);
        assertEquals(asking.symbols.getsockopt(descriptor, level, option, value, size), 0);
        libc.close(descriptor);
        return value[0] !== 0;
      };
      const pair = await createSelfSigned();
      for (const prepare of [undefined, (address: SocketAddress) => prepareListener(libc, address)]) {
        using terminator = new Terminator(pair, prepare);
        const { local, accepted } = await terminator.connect();
        assertEquals(has(accepted, IPPROTO_TCP, TCP_NODELAY), prepare !== undefined);
        assertEquals(has(accepted, SOL_SOCKET, SO_KEEPALIVE), prepare !== undefined);
        accepted.close();
        local.close();
      }
      asking.close();
    });
  },
);

nativeTest("prepareListener finds every listener of an address, and says when there is none", async () => {
  await withLibc((libc) => {
    using one = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    assertEquals(prepareListener(libc, one.addr), true);
    const { hostname, port } = one.addr;
    assertEquals(prepareListener(libc, { hostname: "127.0.0.2", port }), false);
    one.close();
    assertEquals(prepareListener(libc, { hostname, port }), false);
  });
});
