import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClientError } from "../../lib/client/errors.ts";
import type { Connection } from "../../lib/net/connection.ts";
import type { ConnectionUse } from "../../lib/net/hooks.ts";
import { fixedCertificates } from "../../lib/tls/certificates.ts";
import { createTlsEndpoint } from "../../lib/tls/tls.ts";
import { PERSONALITIES } from "../../lib/protocol/personality.ts";
import { patternOf, sha256 } from "../data/helpers.ts";
import { testCertificate } from "../helpers/tls.ts";
import { session, withClient } from "./helpers.ts";

const BIG = patternOf(5_000_000);
const SIZES = [0, 1, 4096, 1_000_003];

session("fetches and stores files of every size", { files: {} }, async ({ client }) => {
  for (const size of SIZES) {
    const content = patternOf(size);
    assertEquals(await client.upload(sourceOf(content), `/f${size}`), size);
    assertEquals(await client.size(`/f${size}`), size);
    const { sink, bytes } = collect();
    assertEquals(await client.download(`/f${size}`, sink, { size }), size);
    assertEquals(await sha256(await bytes()), await sha256(content));
  }
});

session("lists a directory, names with spaces and UTF-8 included", {
  files: { "/a b": "1", "/ä→": "22", "/sub/x": "" },
}, async ({ client, sent }) => {
  const { entries, unreadable } = await client.list("/");
  const seen = entries.map(({ name, kind, size }) => [name, kind, kind === "file" ? size : undefined]).toSorted();
  assertEquals(seen, [["a b", "file", 1], ["sub", "directory", undefined], ["ä→", "file", 2]]);
  assertEquals(unreadable, []);
  assert(sent.includes("MLSD /"));
  assertEquals((await client.list("/sub")).entries.map(({ name }) => name), ["x"]);
});

session("resumes a download and an upload", { files: { "/f": "0123456789" } }, async ({ client }) => {
  const { sink, text } = collect();
  assertEquals(await client.download("/f", sink, { offset: 6, size: 10 }), 4);
  assertEquals(await text(), "6789");
  await client.upload(sourceOf(new TextEncoder().encode("abc")), "/f", { offset: 8 });
  await client.upload(sourceOf(new TextEncoder().encode("!")), "/f", { append: true });
  const all = collect();
  await client.download("/f", all.sink);
  assertEquals(await all.text(), "01234567abc!");
});

session(
  "aborts a download, and goes on",
  { files: { "/big": patternOf(8_000_000), "/f": "x" } },
  async ({ client }) => {
    const abort = new AbortController();
    const reason = new Error("enough");
    const slow = { write: () => Promise.resolve(abort.abort(reason)) };
    const error = await assertRejects(() => client.download("/big", slow, { signal: abort.signal }));
    assertEquals(error, reason);
    assert(client.isOpen);
    assertEquals((await client.list("/")).entries.length, 2);
    const { sink, text } = collect();
    await client.download("/f", sink);
    assertEquals(await text(), "x");
  },
);

session("writes to no sink after a download has failed", {
  files: { "/big": patternOf(8_000_000) },
}, async ({ client }) => {
  const abort = new AbortController();
  let isWriting = false;
  const slow = {
    write: async () => {
      isWriting = true;
      abort.abort();
      // More turns than the answers to ABOR take.
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setTimeout(resolve));
      isWriting = false;
    },
  };
  await assertRejects(() => client.download("/big", slow, { signal: abort.signal }), DOMException);
  assertEquals(isWriting, false);
});

session("aborts an upload, and goes on", {}, async ({ client }) => {
  const abort = new AbortController();
  const endless = {
    read: (buffer: Uint8Array) => {
      abort.abort();
      return Promise.resolve(buffer.length);
    },
  };
  await assertRejects(() => client.upload(endless, "/f", { signal: abort.signal }), DOMException, "abort");
  assert(client.isOpen);
  assertEquals(await client.workingDirectory(), "/");
});

session("goes on after its own side failed", { files: { "/f": patternOf(3_000_000) } }, async ({ client }) => {
  const full = { write: () => Promise.reject(new Error("No space left on device")) };
  const error = await assertRejects(() => client.download("/f", full), ClientError, "No space left");
  assertEquals(error.kind, "local");
  const broken = { read: () => Promise.reject(new Error("Input/output error")) };
  const other = await assertRejects(() => client.upload(broken, "/g"), ClientError, "Input/output");
  assertEquals(other.kind, "local");
  assertEquals(await client.size("/f"), 3_000_000);
});

session("makes, renames and removes", { files: { "/f": "1" } }, async ({ client }) => {
  await client.makeDirectory("/d e");
  await client.rename("/f", "/d e/g");
  await client.changeDirectory("/d e");
  assertEquals(await client.workingDirectory(), "/d e");
  await client.setModified("g", Date.UTC(2020, 1, 29, 1, 2, 3));
  assertEquals(await client.modified("g"), Date.UTC(2020, 1, 29, 1, 2, 3));
  assertEquals((await client.entry("g")).modified, Date.UTC(2020, 1, 29, 1, 2, 3));
  await client.remove("g");
  await client.changeDirectory("/");
  await client.removeDirectory("/d e");
  assertEquals((await client.list()).entries, []);
});

session("names the refusal of the server", {}, async ({ client }) => {
  const error = await assertRejects(() => client.download("/nothing", collect().sink), ClientError);
  assertEquals([error.kind, error.verb, error.code, error.isTemporary], ["reply", "RETR", 550, false]);
  assertEquals(await client.workingDirectory(), "/");
});

session("runs requests in the order of their calls", { files: { "/f": "abc" } }, async ({ client }) => {
  const { sink, text } = collect();
  const all = await Promise.all([
    client.makeDirectory("/one"),
    client.download("/f", sink),
    client.rename("/one", "/two"),
    client.list("/"),
  ]);
  assertEquals(await text(), "abc");
  assertEquals(all[3].entries.map(({ name }) => name).toSorted(), ["f", "two"]);
});

for (const [way, lacks] of [["by RANG", []], ["by an abort", ["RANG"]]] as const) {
  const server = { personality: { ...PERSONALITIES.unix, lacks: new Set(lacks) } };
  session(`fetches a part of a file, ${way}`, { files: { "/f": BIG }, server }, async ({ client, sent }) => {
    const { sink, bytes } = collect();
    const [offset, end] = [100_000, 1_300_000];
    assertEquals(await client.download("/f", sink, { offset, end }), end - offset);
    assertEquals(await bytes(), BIG.slice(offset, end));
    assertEquals(sent.includes("ABOR"), way === "by an abort");
    assertEquals(await client.size("/f"), BIG.length);
  });
}

session("converts line ends where it is asked to", { files: { "/f": "a\nb\n" } }, async ({ client, sent }) => {
  const { sink, text } = collect();
  await client.download("/f", sink, { ascii: true });
  assertEquals(await text(), "a\nb\n");
  assertEquals(sent.filter((line) => line.startsWith("TYPE")), ["TYPE I", "TYPE A"]);
  assertEquals(await client.size("/f"), 4);
});

Deno.test("Client asks nothing that a small file does not need", async () => {
  await withClient({ files: { "/f": "abc" } }, async ({ client, sent }) => {
    await client.download("/f", collect().sink, { size: 3 });
    await client.upload(sourceOf(new Uint8Array(3)), "/g");
    const login = sent.indexOf("TYPE I") + 1;
    assertEquals(sent.slice(login), ["EPSV", "RETR /f", "EPSV", "STOR /g"]);
  });
});

Deno.test("Client over TLS talks to a server that has nothing but TLS 1.3", async () => {
  const endpoint = await createTlsEndpoint(fixedCertificates(await testCertificate()), { minVersion: "TLSv1.3" });
  const setup = { files: { "/f": "abc" }, client: { tls: "required" }, server: { tls: { endpoint } } } as const;
  await withClient(setup, async ({ client }) => {
    for (let count = 0; count < 5; count++) await client.download("/f", collect().sink, { size: 3 });
  });
});

Deno.test("Client over TLS resumes its session on every data connection", async () => {
  const resumed: (boolean | undefined)[] = [];
  const look = (connection: Connection, { purpose }: ConnectionUse): Connection => {
    if (purpose === "data") resumed.push(connection.tls?.resumed);
    return connection;
  };
  const setup = {
    files: { "/f": "abc" },
    client: { tls: "required", maxTlsVersion: "TLSv1.3" },
    server: { network: { wrap: look } },
  } as const;
  await withClient(setup, async ({ client }) => {
    assert(client.isSecure);
    for (let count = 0; count < 3; count++) {
      await client.download("/f", collect().sink, { size: 3 });
      await client.upload(sourceOf(new Uint8Array(3)), "/g");
    }
    assertEquals(resumed, Array(6).fill(true));
  });
});

/** Bytes to upload. */
function sourceOf(content: Uint8Array) {
  let at = 0;
  return {
    read: (buffer: Uint8Array): Promise<number | null> => {
      const part = content.subarray(at, at + buffer.length);
      buffer.set(part);
      at += part.length;
      return Promise.resolve(part.length === 0 ? null : part.length);
    },
  };
}

/** A sink, and what it got. */
function collect() {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const blob = () => new Blob(pieces);
  return {
    sink: { write: (data: Uint8Array) => Promise.resolve(void pieces.push(data.slice())) },
    bytes: async () => new Uint8Array(await blob().arrayBuffer()),
    text: () => blob().text(),
  };
}
