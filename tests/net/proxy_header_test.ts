import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { V1BinaryProxyProtocol, V2ProxyProtocol } from "proxy-protocol-js";
import { canonicalIp } from "../../lib/net/ip.ts";
import {
  type ProxyHeader,
  ProxyHeaderError,
  type ProxyHeaderFault,
  ProxyHeaderReader,
  readProxyHeader,
} from "../../lib/net/proxy_header.ts";
import { binaryHeader, type Ends, lineHeader, LOCAL_HEADER } from "../helpers/balancer.ts";

/** Feeds `bytes` in pieces of `most` bytes at most; the header, and how many bytes it took. */
function read(bytes: Uint8Array, most = Infinity): { readonly header: ProxyHeader | undefined; readonly used: number } {
  const reader = new ProxyHeaderReader();
  let used = 0;
  while (used < bytes.length) {
    const piece = bytes.subarray(used, used + Math.min(reader.wanted, most));
    used += piece.length;
    const header = reader.take(piece);
    if (header) return { header, used };
  }
  return { header: undefined, used };
}

const port = fc.nat(65535);
const ipv4 = fc.ipV4();
const ipv6 = fc.ipV6().map((text) => canonicalIp(text) ?? text).filter((text) => text.includes(":"));
const ends: fc.Arbitrary<Ends> = fc.oneof(...[ipv4, ipv6].map((address) => {
  const end = fc.record({ hostname: address, port });
  return fc.record({ source: end, destination: end });
}));
const pieces = fc.integer({ min: 1, max: 40 });
const rest = fc.uint8Array({ maxLength: 40 });

Deno.test("ProxyHeaderReader reads every header in pieces of any size, and nothing after it", () => {
  fc.assert(fc.property(ends, fc.boolean(), rest, rest, pieces, (ends, isBinary, extra, after, most) => {
    const header = isBinary ? binaryHeader(ends, extra) : lineHeader(ends);
    const result = read(Uint8Array.of(...header, ...after), most);
    assertEquals(result, { header: { kind: "client", ...ends }, used: header.length });
  }));
});

Deno.test("ProxyHeaderReader reads what another implementation writes", () => {
  fc.assert(fc.property(ends, (ends) => {
    const line = V1BinaryProxyProtocol.parse(lineHeader(ends));
    assertEquals(read(line.build()).header, { kind: "client", ...ends });
    const binary = V2ProxyProtocol.parse(binaryHeader(ends));
    assertEquals(read(binary.build()).header, { kind: "client", ...ends });
  }));
});

Deno.test("ProxyHeaderReader takes any bytes for a header or refuses them, and asks for no more than 2 KiB", () => {
  const signature = fc.constantFrom("PROXY ", "PROXY TCP4 ", "PROXY UNKNOWN", "\r\n\r\n\0\r\nQUIT\n", "");
  const text = new TextEncoder();
  fc.assert(fc.property(signature, fc.uint8Array({ maxLength: 300 }), pieces, (start, random, most) => {
    const reader = new ProxyHeaderReader();
    const bytes = Uint8Array.of(...text.encode(start), ...random);
    try {
      for (let at = 0; at < bytes.length;) {
        assert(reader.wanted > 0 && at + reader.wanted <= 2048, String(reader.wanted));
        const piece = bytes.subarray(at, at + Math.min(reader.wanted, most));
        at += piece.length;
        if (reader.take(piece)) return;
      }
    } catch (error) {
      assert(error instanceof ProxyHeaderError, String(error));
    }
  }));
});

const line = (text: string) => new TextEncoder().encode(text);
const ENDS: Ends = {
  source: { hostname: "192.0.2.7", port: 50000 },
  destination: { hostname: "192.0.2.1", port: 21 },
};
/** A header of version 2 with other bytes at `at`. */
const altered = (at: number, ...bytes: number[]) => {
  const header = binaryHeader(ENDS);
  header.set(bytes, at);
  return header;
};

for (
  const [what, bytes, fault] of [
    ["a command", line("USER demo\r\nPASS demo\r\n"), "missing"],
    ["a ClientHello", Uint8Array.of(0x16, 0x03, 0x01, ...new Uint8Array(20)), "missing"],
    ["a signature that goes wrong late", altered(11, 0x0b), "missing"],
    ["another version", altered(12, 0x31), "malformed"],
    ["another command", altered(12, 0x22), "malformed"],
    ["UDP", altered(13, 0x12), "malformed"],
    ["a Unix socket", altered(13, 0x31), "malformed"],
    ["IPv6 without room for it", altered(13, 0x21), "malformed"],
    ["an endless one", altered(14, 0xff, 0xff), "tooLong"],
    ["an endless line", line(`PROXY TCP4 ${"1".repeat(200)}`), "tooLong"],
    ["a line without CR", line("PROXY TCP4 192.0.2.7 192.0.2.1 50000 21\n"), "malformed"],
    ["IPv4 called IPv6", line("PROXY TCP6 192.0.2.7 192.0.2.1 50000 21\r\n"), "malformed"],
    ["IPv6 called IPv4", line("PROXY TCP4 2001:db8::7 2001:db8::1 50000 21\r\n"), "malformed"],
    ["a port out of range", line("PROXY TCP4 192.0.2.7 192.0.2.1 65536 21\r\n"), "malformed"],
    ["an octal port", line("PROXY TCP4 192.0.2.7 192.0.2.1 050000 21\r\n"), "malformed"],
    ["an octal address", line("PROXY TCP4 192.0.2.007 192.0.2.1 50000 21\r\n"), "malformed"],
    ["two spaces", line("PROXY TCP4  192.0.2.7 192.0.2.1 50000 21\r\n"), "malformed"],
    ["a name", line("PROXY TCP4 ftp.example.org 192.0.2.1 50000 21\r\n"), "malformed"],
    ["another protocol", line("PROXY UDP4 192.0.2.7 192.0.2.1 50000 21\r\n"), "malformed"],
  ] as const satisfies readonly (readonly [string, Uint8Array, ProxyHeaderFault])[]
) {
  Deno.test(`ProxyHeaderReader refuses ${what}`, () => {
    assertEquals(assertThrows(() => read(bytes), ProxyHeaderError).fault, fault);
  });
}

Deno.test("ProxyHeaderReader knows the balancer's own connections", () => {
  const local = { kind: "local" } as const;
  assertEquals(read(LOCAL_HEADER), { header: local, used: LOCAL_HEADER.length });
  // Of no known family, and a LOCAL with addresses, which are to be ignored.
  assertEquals(read(altered(13, 0)).header, local);
  assertEquals(read(altered(12, 0x20)).header, local);
  for (const text of ["PROXY UNKNOWN\r\n", "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n"]) {
    assertEquals(read(line(text)), { header: local, used: text.length });
  }
});

Deno.test("readProxyHeader tells a header that was late from a connection that ended", async () => {
  for (const [timeout, fault] of [[1, "late"], [0, "closed"]] as const) {
    const closed = Promise.withResolvers<number | null>();
    let reads = 0;
    const connection = {
      read: (buffer: Uint8Array): Promise<number | null> => {
        if (reads++ > 0) return fault === "late" ? closed.promise : Promise.resolve(null);
        buffer.set(line("PROXY"));
        return Promise.resolve(5);
      },
      close: () => closed.reject(new Deno.errors.Interrupted("closed")),
    };
    const error = await readProxyHeader(connection, { timeout }).catch((error: unknown) => error);
    assert(error instanceof ProxyHeaderError);
    assertEquals(error.fault, fault);
  }
});
