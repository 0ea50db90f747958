import { assertEquals, assertRejects } from "@std/assert";
import { LdapBackend } from "../../lib/auth/remote/ldap.ts";

const bytes = (text: string) => Uint8Array.from(text.split(" "), (each) => parseInt(each, 16));
const READY = bytes("30 0c 02 01 01 78 07 0a 01 00 04 00 04 00");
const REFUSED = bytes("30 0c 02 01 01 78 07 0a 01 34 04 00 04 00");

/** Logs in at a server that gives `answer` to each connection, in two pieces, and ends it. Returns how many came. */
async function connectionsOf(answer: Uint8Array, message: string): Promise<number> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let connections = 0;
  const serving = (async () => {
    for await (const connection of listener) {
      connections++;
      await connection.read(new Uint8Array(100));
      for (const piece of [answer.subarray(0, 3), answer.subarray(3)]) await connection.write(piece);
      await connection.closeWrite();
      while (await connection.read(new Uint8Array(1_000)).catch(() => null) !== null);
      connection.close();
    }
  })();
  const backend = new LdapBackend({
    url: `ldap://127.0.0.1:${listener.addr.port}`,
    startTls: true,
    base: "dc=example",
    filter: "(uid=%u)",
    account: { root: "/srv" },
  });
  const attempt = { name: "ann", password: "secret", address: "192.0.2.1", secure: true };
  await assertRejects(
    () => backend.ask({ ...attempt, signal: new AbortController().signal }),
    Error,
    message,
  );
  listener.close();
  await serving;
  return connections;
}

Deno.test("a directory that refuses StartTLS, or says anything else, gets no password", async () => {
  assertEquals(await connectionsOf(REFUSED, "refuses StartTLS: result code 52"), 1);
  assertEquals(await connectionsOf(Uint8Array.from([...READY, 0x30]), "sent something in clear after StartTLS"), 1);
  assertEquals(await connectionsOf(new TextEncoder().encode("220 ready\r\n"), ""), 1);
  assertEquals(await connectionsOf(new Uint8Array(), "closed the connection before TLS"), 1);
});

Deno.test("a connection that ends after StartTLS is not made again in clear", async () => {
  assertEquals(await connectionsOf(READY, ""), 1);
});
