import { assertEquals, assertRejects } from "@std/assert";
import { connectTcp } from "../../lib/net/connect_tcp.ts";
import { stub } from "../helpers/stub.ts";

const HOSTNAME = "127.0.0.1";

/** A `Deno.connect` that does, when a connection is there, what `onConnected` says. */
function whenConnected(onConnected: () => void): Disposable {
  const { connect } = Deno;
  const late = async (options: Deno.ConnectOptions & { readonly signal?: AbortSignal }) => {
    const connection = await connect({ hostname: HOSTNAME, port: options.port });
    onConnected();
    // As the runtime does.
    options.signal?.throwIfAborted();
    return connection;
  };
  return stub(Deno, "connect", late as typeof connect);
}

Deno.test("connectTcp connects, and fails as Deno.connect does", async () => {
  const listener = Deno.listen({ hostname: HOSTNAME, port: 0 });
  const target = { hostname: HOSTNAME, port: listener.addr.port };
  const { signal } = new AbortController();
  const [near, far] = await Promise.all([connectTcp(target, signal), listener.accept()]);
  near.close();
  assertEquals(await far.read(new Uint8Array(1)), null);
  far.close();
  listener.close();
  await assertRejects(() => connectTcp(target, signal), Deno.errors.ConnectionRefused);
});

Deno.test("connectTcp rejects with the reason of an abort, before and during", async () => {
  const listener = Deno.listen({ hostname: HOSTNAME, port: 0 });
  const target = { hostname: HOSTNAME, port: listener.addr.port };
  const abort = new AbortController();
  const connecting = connectTcp(target, abort.signal);
  abort.abort(new Error("given up"));
  await assertRejects(() => connecting, Error, "given up");
  await assertRejects(() => connectTcp(target, abort.signal), Error, "given up");
  listener.close();
});

Deno.test("connectTcp closes a connection that was made in the moment of an abort", async () => {
  const listener = Deno.listen({ hostname: HOSTNAME, port: 0 });
  const target = { hostname: HOSTNAME, port: listener.addr.port };
  const abort = new AbortController();
  using _late = whenConnected(() => abort.abort(new Error("given up")));
  const accepted = listener.accept();
  await assertRejects(() => connectTcp(target, abort.signal), Error, "given up");
  const far = await accepted;
  assertEquals(await far.read(new Uint8Array(1)), null);
  far.close();
  listener.close();
});
