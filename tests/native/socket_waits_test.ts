import { assertEquals, assertRejects } from "@std/assert";
import { SocketWaits } from "../../lib/native/socket_waits.ts";
import { nativeTest, withLibc } from "../helpers/native.ts";

const AF_UNIX = 1;
const SOCK_STREAM = 1;

nativeTest(
  "SocketWaits ends a wait for a socket that is forgotten, and goes on with others",
  () =>
    withLibc(async (libc) => {
      let calls = 0;
      const counted = {
        ...libc,
        epoll_wait: (...given: Parameters<typeof libc.epoll_wait>) => (calls++, libc.epoll_wait(...given)),
      };
      const waits = new SocketWaits(counted);
      // Unconnected sockets of this kind are never ready to read and always ready to write.
      const [one, other] = [libc.socket(AF_UNIX, SOCK_STREAM, 0), libc.socket(AF_UNIX, SOCK_STREAM, 0)];
      const [server, name] = [
        libc.socket(AF_UNIX, SOCK_STREAM, 0),
        Uint8Array.of(AF_UNIX, 0, 0, ...crypto.getRandomValues(new Uint8Array(16))),
      ];
      libc.bind(server, name, name.length);
      libc.listen(server, 1);
      const first = waits.wait(server, "read");
      waits.forget(server);
      const second = waits.wait(server, "read");
      await assertRejects(() => first, Deno.errors.BadResource);
      await waits.wait(one, "write");
      libc.connect(other, name, name.length);
      await second;
      await waits.settled();
      assertEquals(calls <= 4, true, `${calls} calls`);
      for (const socket of [one, other, server]) libc.close(socket);
    }),
);
