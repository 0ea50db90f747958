import { assertEquals, assertThrows } from "@std/assert";
import { ClientHelloReader, HelloError, ServerHelloReader } from "../../../lib/tls/relay/hello.ts";

/** Big-endian bytes of `value`. */
const uint = (value: number, size: number): number[] =>
  Array.from({ length: size }, (_, index) => Math.floor(value / 256 ** (size - 1 - index)) % 256);
const vector = (bytes: number[], size: number): number[] => [...uint(bytes.length, size), ...bytes];
const text = (value: string): number[] => [...new TextEncoder().encode(value)];
const extension = (type: number, body: number[]): number[] => [...uint(type, 2), ...vector(body, 2)];
const record = (body: number[], type = 22): number[] => [type, 3, 1, ...vector(body, 2)];
const random = new Array<number>(32).fill(7);
const retryRandom = [...Uint8Array.fromHex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")];

const serverName = (name: string): number[] => extension(0, vector([0, ...vector(text(name), 2)], 2));
const versions = (...list: number[]): number[] => extension(43, vector(list.flatMap((v) => uint(v, 2)), 1));

function clientHello(extensions: number[] | undefined, sessionId: number[] = []): number[] {
  const end = extensions === undefined ? [] : vector(extensions, 2);
  const body = [3, 3, ...random, ...vector(sessionId, 1), ...vector([0x13, 0x01], 2), ...vector([0], 1), ...end];
  return [1, ...vector(body, 3)];
}

function serverHello(suite: number, extensions: number[], options: { retry?: boolean; sessionId?: number[] } = {}) {
  const body = [
    3,
    3,
    ...(options.retry ? retryRandom : random),
    ...vector(options.sessionId ?? [], 1),
    ...uint(suite, 2),
  ];
  return [2, ...vector([...body, 0, ...vector(extensions, 2)], 3)];
}

const parseClientHello = (input: Uint8Array) => new ClientHelloReader().push(input);
const parseServerHello = (input: Uint8Array) => new ServerHelloReader().push(input);
const bytes = (...parts: number[][]): Uint8Array => new Uint8Array(parts.flat());
const tls13 = extension(43, [3, 4]);

Deno.test("ClientHelloReader reads name, versions and session", () => {
  const table: [string, number[], ReturnType<typeof parseClientHello>][] = [
    ["name and TLS 1.3", clientHello([...serverName("FTP.Example"), ...versions(0x0304, 0x0303)]), {
      serverName: "ftp.example",
      offersTls13: true,
      sessionId: "",
    }],
    ["TLS 1.2 only, with a session", clientHello([...versions(0x0303)], [0xab, 0x01]), {
      serverName: undefined,
      offersTls13: false,
      sessionId: "ab01",
    }],
    ["no extensions at all", clientHello(undefined), { serverName: undefined, offersTls13: false, sessionId: "" }],
    ["empty server name extension", clientHello(extension(0, [])), {
      serverName: undefined,
      offersTls13: false,
      sessionId: "",
    }],
    ["a name that is none", clientHello(serverName("a b\r\n")), {
      serverName: undefined,
      offersTls13: false,
      sessionId: "",
    }],
  ];
  for (const [title, message, expected] of table) {
    assertEquals(parseClientHello(bytes(record(message))), expected, title);
  }
});

Deno.test("ClientHelloReader asks for more at every cut, also across records", () => {
  const message = clientHello([...serverName("ftp.example"), ...versions(0x0304)]);
  const whole = bytes(record(message.slice(0, 9)), record(message.slice(9)));
  for (let length = 0; length < whole.length; length++) {
    assertEquals(parseClientHello(whole.subarray(0, length)), undefined, `first ${length} bytes`);
  }
  assertEquals(parseClientHello(whole)?.serverName, "ftp.example");
});

Deno.test("ClientHelloReader goes on where the last bytes ended, however they are cut", () => {
  const message = clientHello([...serverName("ftp.example"), ...versions(0x0304)]);
  const whole = bytes(
    record(message.slice(0, 9)),
    record([1], 20),
    record(message.slice(9, 10)),
    record(message.slice(10)),
  );
  const expected = parseClientHello(whole);
  assertEquals(expected?.serverName, "ftp.example");
  for (let size = 1; size < whole.length; size++) {
    const reader = new ClientHelloReader();
    for (let from = 0; from < whole.length; from += size) {
      const found = reader.push(whole.subarray(from, from + size));
      assertEquals(found, from + size < whole.length ? undefined : expected, `${size} bytes at a time, from ${from}`);
    }
  }
});

Deno.test("ClientHelloReader refuses what is not a ClientHello", () => {
  const table: [string, number[], string][] = [
    ["FTP", text("USER anonymous\r\n"), "does not speak TLS"],
    ["one impossible byte", [0], "does not speak TLS"],
    ["wrong version", [22, 2, 0, 0, 5], "does not speak TLS"],
    ["record too long", [22, 3, 1, 0xff, 0xff], "record is too long"],
    ["change of cipher that holds more than itself", [20, 3, 3, 0, 2], "record is too long"],
    ["records of one byte", clientHello(undefined).flatMap((byte) => record([byte])), "too many records"],
    ["records of nothing", new Array(99).fill(record([])).flat(), "too many records"],
    ["message too long", record([1, 0xff, 0xff, 0xff]), "message is too long"],
    ["another message", record([2, 0, 0, 0]), "ClientHello"],
    ["application data", record([1, 2, 3], 23), "in place of a handshake"],
    ["alert", record([2, 40], 21), "in place of a handshake"],
    ["body cut short", record([1, 0, 0, 3, 3, 3, 0]), "malformed"],
    ["extension over the end", record(clientHello([0, 43, 0, 9, 1])), "malformed"],
  ];
  for (const [title, input, message] of table) {
    const error = assertThrows(() => parseClientHello(bytes(input)), HelloError, message);
    assertEquals(error.name, "HelloError", title);
  }
});

Deno.test("ServerHelloReader reads what was agreed", () => {
  const pskExtension = extension(41, [0, 0]);
  const table: [string, number[][], ReturnType<typeof parseServerHello>][] = [
    ["TLS 1.3", [record(serverHello(0x1302, tls13))], {
      protocol: "TLSv1.3",
      cipher: "TLS_AES_256_GCM_SHA384",
      sessionId: "",
      preSharedKey: false,
    }],
    ["TLS 1.3 resumed", [record(serverHello(0x1301, [...tls13, ...pskExtension]))], {
      protocol: "TLSv1.3",
      cipher: "TLS_AES_128_GCM_SHA256",
      sessionId: "",
      preSharedKey: true,
    }],
    ["TLS 1.2", [record(serverHello(0xc02f, [], { sessionId: [1, 2] }))], {
      protocol: "TLSv1.2",
      cipher: "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
      sessionId: "0102",
      preSharedKey: false,
    }],
    ["a suite without a name here", [record(serverHello(0x00ff, []))], {
      protocol: "TLSv1.2",
      cipher: "0x00ff",
      sessionId: "",
      preSharedKey: false,
    }],
    ["after a HelloRetryRequest", [
      record(serverHello(0x1301, tls13, { retry: true })),
      record([1], 20),
      record(serverHello(0x1303, tls13)),
    ], { protocol: "TLSv1.3", cipher: "TLS_CHACHA20_POLY1305_SHA256", sessionId: "", preSharedKey: false }],
    ["a HelloRetryRequest alone", [record(serverHello(0x1301, tls13, { retry: true }))], undefined],
  ];
  for (const [title, input, expected] of table) assertEquals(parseServerHello(bytes(...input)), expected, title);
});

Deno.test("ServerHelloReader refuses an alert in its place", () => {
  assertThrows(() => parseServerHello(bytes(record([2, 40], 21))), HelloError, "in place of a handshake");
});
