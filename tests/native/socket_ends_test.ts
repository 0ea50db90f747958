import { existsSync } from "node:fs";
import { assert, assertEquals } from "@std/assert";
import { LIBC_PATHS } from "../../lib/native/libc.ts";
import { duplicateSocket } from "../../lib/native/socket_descriptor.ts";
import { sendAtOnce } from "../../lib/native/socket_ends.ts";
import type { Connection } from "../../lib/net/connection.ts";
import { Terminator } from "../../lib/tls/relay/terminator.ts";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { nativeTest, withLibc } from "../helpers/native.ts";

const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;

nativeTest("sendAtOnce lets a connection under TLS send each write at once", async () => {
  const path = LIBC_PATHS.find((path) => existsSync(path));
  assert(path !== undefined);
  await withLibc(async (libc) => {
    const asking = Deno.dlopen(path, {
      getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
    });
    const isAtOnce = (connection: Connection): boolean => {
      const descriptor = duplicateSocket(libc, connection);
      assert(descriptor !== undefined);
      const value = new Uint32Array(1);
      const size = new Uint32Array([value.byteLength]);
      assertEquals(asking.symbols.getsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, value, size), 0);
      libc.close(descriptor);
      return value[0] !== 0;
    };
    using terminator = new Terminator(await createSelfSigned());
    const { local, accepted } = await terminator.connect();
    try {
      assertEquals(isAtOnce(accepted), false);
      sendAtOnce(libc, accepted);
      assertEquals(isAtOnce(accepted), true);
    } finally {
      accepted.close();
      local.close();
      asking.close();
    }
  });
});
