import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { HttpServer } from "../../lib/http/server.ts";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";

/** A server that answers with the method, the target and the number of bytes of the body. */
function open(headerTimeout?: number): Promise<HttpServer> {
  return HttpServer.listen({
    place: { hostname: "127.0.0.1", port: 0 },
    ...(headerTimeout !== undefined && { headerTimeout }),
    answer: async (request, { address }) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/unread") return new Response("not read", { status: 413 });
      const { byteLength } = await request.arrayBuffer();
      return Response.json([request.method, pathname, byteLength, address]);
    },
  });
}

/** Sends text and resolves to everything that comes back until the end. */
async function exchange(port: number | undefined, text: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: port ?? 0 });
  await connection.write(new TextEncoder().encode(text));
  let answer = "";
  const buffer = new Uint8Array(65_536);
  try {
    for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
      answer += new TextDecoder().decode(buffer.subarray(0, count));
    }
  } catch (error) {
    // With bytes of ours unread, its end is a reset.
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  }
  return answer;
}

Deno.test("HttpServer passes requests on with their bodies, and the address they come from", async () => {
  await using server = await open();
  const origin = `http://127.0.0.1:${server.port}`;
  assertEquals(await (await fetch(`${origin}/a`)).json(), ["GET", "/a", 0, "127.0.0.1"]);
  const response = await fetch(`${origin}/b`, { method: "PUT", body: new Uint8Array(300_000) });
  assertEquals(await response.json(), ["PUT", "/b", 300_000, "127.0.0.1"]);
});

Deno.test("HttpServer ends a connection whose header does not come to its end in time", async () => {
  await using server = await open(50);
  assertMatch(await exchange(server.port, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "), /^HTTP\/1\.1 408 /);
});

Deno.test("HttpServer takes neither other hosts in the target nor a header of any length", async () => {
  await using server = await open();
  const close = "Host: localhost\r\nConnection: close\r\n\r\n";
  assertMatch(await exchange(server.port, `GET http://evil/ HTTP/1.1\r\n${close}`), /^HTTP\/1\.1 400 /);
  assertMatch(await exchange(server.port, `GET //evil/x HTTP/1.1\r\n${close}`), /"GET","\/\/evil\/x"/);
  assertMatch(
    await exchange(server.port, `GET / HTTP/1.1\r\nX: ${"x".repeat(40_000)}\r\n${close}`),
    /^HTTP\/1\.1 431 /,
  );
});

Deno.test("HttpServer reads no body that the answer does not need", async () => {
  await using server = await open();
  const head = "POST /unread HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n";
  const answer = await exchange(server.port, head);
  assertMatch(answer, /^HTTP\/1\.1 413 /);
  assertMatch(answer, /connection: close/i);
});

Deno.test({
  name: "HttpServer on a Unix socket has no address, and the mode that it was given",
  ignore: Deno.build.os === "windows",
}, async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/socket`;
  try {
    await using _server = await HttpServer.listen({
      place: { path, mode: 0o660 },
      answer: (_request, { address }) => Promise.resolve(Response.json([address ?? "none"])),
    });
    assertEquals(((await Deno.lstat(path)).mode ?? 0) & 0o777, 0o660);
    using connection = await Deno.connect({ transport: "unix", path });
    await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    assertMatch(await new Response(connection.readable).text(), /\["none"\]/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("HttpServer speaks TLS with its certificate, and with the next one once it is renewed", async () => {
  const [first, second] = [await createSelfSigned(), await createSelfSigned()];
  await using server = await HttpServer.listen({
    place: { hostname: "127.0.0.1", port: 0 },
    certificate: first,
    answer: (request) => Promise.resolve(Response.json([new URL(request.url).protocol])),
  });
  const ask = async (trusted: string): Promise<unknown> => {
    using client = Deno.createHttpClient({ caCerts: [trusted], poolMaxIdlePerHost: 0 });
    return await (await fetch(`https://localhost:${server.port}/`, { client })).json();
  };
  assertEquals(await ask(first.certificate), ["https:"]);
  await assertRejects(() => ask(second.certificate), TypeError);
  server.renew(second);
  assertEquals(await ask(second.certificate), ["https:"]);
  await assertRejects(() => ask(first.certificate), TypeError);
});
