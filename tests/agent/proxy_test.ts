import { assertEquals, assertStringIncludes } from "@std/assert";
import { findProxy, parseProxy } from "../../lib/agent/site/proxy.ts";
import { agentTest } from "./helpers.ts";

/** A proxy on a free port, which connects only as it is told to. `asked` has the targets, with the names as sent. */
class TestProxy implements AsyncDisposable {
  readonly asked: string[] = [];
  readonly port: number;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly #running: Promise<void>;

  constructor(answer: (client: Deno.TcpConn, asked: string[]) => Promise<Deno.TcpConn | undefined>) {
    this.port = this.#listener.addr.port;
    this.#running = this.#accept(answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) close(connection);
    await this.#running;
  }

  async #accept(answer: (client: Deno.TcpConn, asked: string[]) => Promise<Deno.TcpConn | undefined>): Promise<void> {
    const relays: Promise<void>[] = [];
    for await (const client of this.#listener) {
      this.#open.add(client);
      relays.push(
        answer(client, this.asked).then(async (server) => {
          if (!server) return close(client);
          this.#open.add(server);
          await Promise.allSettled([
            client.readable.pipeTo(server.writable),
            server.readable.pipeTo(client.writable),
          ]);
        }),
      );
    }
    await Promise.allSettled(relays);
  }
}

async function readExactly(connection: Deno.TcpConn, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let filled = 0; filled < count;) filled += await connection.read(bytes.subarray(filled)) ?? count;
  return bytes;
}

/** RFC 1928 and 1929. The name `ftp.test` is this host. */
async function socks(client: Deno.TcpConn, asked: string[]): Promise<Deno.TcpConn | undefined> {
  const [, count = 0] = await readExactly(client, 2);
  const methods = await readExactly(client, count);
  if (!methods.includes(2)) return undefined;
  await client.write(new Uint8Array([5, 2]));
  const [, nameLength = 0] = await readExactly(client, 2);
  const name = new TextDecoder().decode(await readExactly(client, nameLength));
  const [passwordLength = 0] = await readExactly(client, 1);
  const password = new TextDecoder().decode(await readExactly(client, passwordLength));
  const isRight = `${name}:${password}` === "u:p@ss";
  await client.write(new Uint8Array([1, isRight ? 0 : 1]));
  if (!isRight) return undefined;
  const [, , , kind] = await readExactly(client, 4);
  const [length = 0] = kind === 3 ? await readExactly(client, 1) : [4];
  const address = await readExactly(client, length);
  const [high = 0, low = 0] = await readExactly(client, 2);
  const host = kind === 3 ? new TextDecoder().decode(address) : address.join(".");
  asked.push(host);
  await client.write(new Uint8Array([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
  return await Deno.connect({ hostname: "127.0.0.1", port: high * 256 + low });
}

async function http(client: Deno.TcpConn, asked: string[]): Promise<Deno.TcpConn | undefined> {
  let head = "";
  while (!head.endsWith("\r\n\r\n")) head += String.fromCharCode(...await readExactly(client, 1));
  const [, host = "", port = ""] = /^CONNECT (\S+):(\d+) HTTP\/1\.1\r\n/.exec(head) ?? [];
  if (!head.includes("Proxy-Authorization: Basic dTpwQHNz\r\n")) {
    await client.write(new TextEncoder().encode("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"));
    return undefined;
  }
  asked.push(host);
  const server = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  await client.write(new TextEncoder().encode("HTTP/1.1 200 Connected\r\nVia: test\r\n\r\n"));
  return server;
}

for (const [scheme, answer] of [["socks5", socks], ["http", http]] as const) {
  for (const tls of [false, true]) {
    agentTest(`control and data connections go through ${scheme}, names included${tls ? ", under TLS" : ""}`, {
      files: { "/f": "content", "/g": "more" },
      tls,
    }, async ({ run, server }) => {
      await using proxy = new TestProxy(answer);
      const url = `ftp://demo:demo@ftp.test:${server.address.port}/`;
      const ALL_PROXY = `${scheme}://u:p%40ss@127.0.0.1:${proxy.port}`;
      const { status, bytes, stderr } = await run(["cat", `${url}f`, `${url}g`, "--insecure"], {
        variables: { ALL_PROXY },
      });
      assertEquals([status, new TextDecoder().decode(bytes)], [0, "contentmore"], stderr);
      assertEquals(proxy.asked, ["ftp.test", "ftp.test", "ftp.test"]);
    });
  }

  agentTest(`a ${scheme} proxy that refuses says why`, { files: { "/f": "x" } }, async ({ run, url }) => {
    await using proxy = new TestProxy(answer);
    const { status, stderr } = await run(["cat", `${url}f`, "--proxy", `${scheme}://u:wrong@127.0.0.1:${proxy.port}`]);
    assertEquals(status, 7);
    assertStringIncludes(stderr, "The proxy made no connection");
    assertEquals(stderr.includes("wrong"), false);
  });
}

Deno.test("findProxy leaves out what NO_PROXY names", () => {
  const NO_PROXY = "example.org, .internal,10.0.0.0/8,[::1],other";
  const isUsed = (host: string) =>
    findProxy(host, { get: (name) => ({ ALL_PROXY: "socks5://p", NO_PROXY })[name] }) !== undefined;
  assertEquals(["example.com", "notexample.org", "11.0.0.1"].map(isUsed), [true, true, true]);
  assertEquals(["example.org", "a.example.org", "x.internal", "10.1.2.3", "other"].map(isUsed), [
    ...[false, false, false, false, false],
  ]);
  assertEquals(findProxy("h", { get: () => undefined }), undefined);
  assertEquals(findProxy("h", { get: (name) => name === "NO_PROXY" ? "*" : "http://p" }), undefined);
});

Deno.test("parseProxy reads what others write", () => {
  assertEquals(parseProxy("socks5h://[::1]"), { kind: "socks5", host: "::1", port: 1080, user: "", password: "" });
  assertEquals(parseProxy("http://a:b%3Ac@p:8080/"), {
    kind: "http",
    host: "p",
    port: 8080,
    user: "a",
    password: "b:c",
  });
  assertEquals(parseProxy("p:8080").kind, "http");
});

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // It was closed by its other end.
  }
}
