import { assertEquals } from "@std/assert";
import { connect, type Socket } from "node:net";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { Terminator } from "../../lib/tls/relay/terminator.ts";

/** Connects to `port` of 127.0.0.1. */
async function dial(
  port: number,
  from: { readonly localAddress: string; readonly localPort?: number },
): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port, ...from });
  await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  return socket;
}

Deno.test("Terminator takes no connection of another address for its own, though it has the same port", async () => {
  const terminator = new Terminator(await createSelfSigned());
  const original = Deno.connect;
  const sockets: Socket[] = [];
  // The stranger comes first, from the very port that the terminator's own connection has at another address.
  const dialTwice = async ({ port }: Deno.ConnectOptions): Promise<unknown> => {
    const stranger = await dial(port, { localAddress: "127.0.0.2" });
    const { localPort = 0 } = stranger;
    const own = await dial(port, { localAddress: "127.0.0.1", localPort });
    sockets.push(stranger, own);
    return {
      localAddr: { transport: "tcp", hostname: "127.0.0.1", port: localPort },
      setNoDelay() {},
      close: () => own.destroy(),
    };
  };
  // The casts are for the two members of a connection that the terminator uses.
  Deno.connect = dialTwice as typeof Deno.connect;
  try {
    const { accepted } = await terminator.connect();
    assertEquals(accepted.remoteAddr.hostname, "127.0.0.1");
    accepted.close();
  } finally {
    Deno.connect = original;
    terminator[Symbol.dispose]();
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve).destroy())));
  }
});
