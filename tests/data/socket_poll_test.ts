import { assertEquals } from "@std/assert";
import { SocketPoll } from "../../lib/data/socket_poll.ts";

Deno.test("SocketPass.wait lets a socket that has become ready go first", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = listener.accept();
  using near = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  using far = await accepted;
  const pass = new SocketPoll();
  await pass.wait();
  const order: string[] = [];
  const arrived = far.read(new Uint8Array(1)).then(() => order.push("socket"));
  await near.write(new Uint8Array(1));
  await pass.wait().then(() => order.push("pass"));
  await arrived;
  pass.close();
  assertEquals(order, ["socket", "pass"]);
});

Deno.test("SocketPass.close ends a wait, and another may begin", async () => {
  const pass = new SocketPoll();
  const opening = pass.wait();
  pass.close();
  await opening;
  const waiting = pass.wait();
  pass.close();
  await waiting;
});

Deno.test({
  name: "SocketPass.wait pauses where no connection is permitted",
  permissions: { net: false },
  async fn() {
    const pass = new SocketPoll();
    await pass.wait();
    const waiting = pass.wait();
    pass.close();
    await waiting;
  },
});
