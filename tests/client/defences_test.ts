import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { charsetOf, UTF8 } from "../../lib/client/charset.ts";
import { Client } from "../../lib/client/client.ts";
import { ControlConnection } from "../../lib/client/control.ts";
import { ClientError, type ClientErrorKind } from "../../lib/client/errors.ts";
import { commandArgument, localName, printable } from "../../lib/client/names.ts";
import type { Connection } from "../../lib/net/connection.ts";
import type { ConnectionUse } from "../../lib/net/hooks.ts";
import { LOGIN, ScriptedServer, type Step, withClient } from "./helpers.ts";

const NO_SINK = { write: () => Promise.resolve() };

/** Rejects with a {@link ClientError} of this kind. */
async function assertFails(
  work: () => Promise<unknown>,
  kind: ClientErrorKind,
  message?: string,
): Promise<ClientError> {
  const error = await assertRejects(work, ClientError, message);
  assertEquals(error.kind, kind);
  return error;
}

for (const name of ["a\r\nDELE /f", "a\nDELE /f", "a\rDELE /f", "a\0b"]) {
  Deno.test(`Client sends nothing of a name with ${printable(name)}`, async () => {
    await withClient({ files: { "/f": "1" } }, async ({ client, sent }) => {
      const before = sent.length;
      const works = [
        () => client.list(name),
        () => client.download(name, NO_SINK),
        () => client.rename("/f", name),
        () => client.remove(name),
        () => client.setMode(name, 0o644),
        () => client.request("SITE", `UMASK ${name}`),
      ];
      for (const work of works) await assertFails(work, "badName");
      assert(sent.slice(before).every((line) => /^(EPSV|RNFR \/f|NOOP|ABOR)$/.test(line)), sent.join("\n"));
      assertEquals(await client.size("/f"), 1);
    });
  });
}

Deno.test("commandArgument takes every other name", () => {
  for (const name of ["", " a ", "ä", "-x", "a\tb", "\u001b[31m"]) assertEquals(commandArgument(name), name);
});

Deno.test("localName refuses names that lead elsewhere, or cannot exist", () => {
  for (const name of ["", ".", "..", "/etc/passwd", "a/b", "../x", "a\0"]) {
    assertThrows(() => localName(name, { windows: false }), ClientError);
  }
  for (const name of ["C:x", "a\\b", "nul", "COM1.txt", "x.", "x ", "a:stream", "what?"]) {
    assertEquals(localName(name, { windows: false }), name);
    assertThrows(() => localName(name, { windows: true }), ClientError);
  }
  for (const name of ["a", ".profile", "console", "a b"]) assertEquals(localName(name, { windows: true }), name);
});

Deno.test("printable lets no escape sequence and no mark of direction through", () => {
  assertEquals(printable("a\u001b[2Jb\u0007\u009b1m\u202eexe.txt"), "a\\x1b[2Jb\\x07\\x9b1m\\u202eexe.txt");
  assertEquals(printable("one\u2028line\u200f"), "one\\u2028line\\u200f");
  assertEquals(printable("ä €"), "ä €");
});

Deno.test("charsetOf encodes and decodes code pages of one byte, and refuses others", () => {
  const latin = charsetOf("iso-8859-15");
  assertEquals([...latin.encode("é€")], [0xe9, 0xa4]);
  assertEquals(latin.decode(new Uint8Array([0xe9, 0xa4])), "é€");
  assertEquals([...charsetOf("koi8-r").encode("Я")], [0xf1]);
  assertThrows(() => latin.encode("日"), ClientError);
  assertThrows(() => charsetOf("shift_jis"), RangeError, "several bytes");
  assertThrows(() => charsetOf("nonsense"), RangeError, "Unknown charset");
  assertEquals(charsetOf("UTF8"), UTF8);
});

Deno.test("Client ignores the address in the reply to PASV", async () => {
  const steps: Step[] = [
    ...LOGIN,
    [/^EPSV$/, "500 What?"],
    [/^PASV$/, ({ say, data }) => {
      const { port } = data.addr;
      return say(`227 Entering Passive Mode (10,1,2,3,${port >> 8},${port & 0xff})`);
    }],
    [/^RETR f$/, "150 Here", async ({ data, say }) => {
      using connection = await data.accept();
      await connection.write(new Uint8Array(3));
      connection.close();
      await say("226 Done");
    }],
  ];
  await using server = new ScriptedServer("220 Hello", steps);
  await using client = await Client.connect({ ...server.options, password: "x" });
  assertEquals(await client.download("f", NO_SINK), 3);
});

Deno.test("ControlConnection drops what came in clear after the reply to AUTH", async () => {
  const injected = new TextEncoder().encode("234 Go on\r\n230 Logged in\r\n");
  const protectedReply = new TextEncoder().encode("331 Password\r\n");
  const control = new ControlConnection(connectionOf(injected), { timeout: 0, charset: UTF8 });
  assertEquals((await control.reply()).code, 234);
  control.upgrade(connectionOf(protectedReply));
  assertEquals((await control.reply()).code, 331);
  control.close();
});

Deno.test("Client masks passwords in its log", async () => {
  await withClient({ client: { password: "demo" } }, ({ sent }) => {
    assertEquals(sent.filter((line) => /^PASS/.test(line)), ["PASS ***"]);
    assert(sent.every((line) => !/PASS.*demo/.test(line)));
    return Promise.resolve();
  });
});

Deno.test("Client gives up a server that is silent, one that goes, and one that speaks something else", async () => {
  await using silent = new ScriptedServer("", []);
  await assertFails(() => Client.connect({ ...silent.options, timeout: 50 }), "timeout");
  await using gone = new ScriptedServer("220 Hi", [[/^USER/, ({ connection }) => connection.close()]]);
  await assertFails(() => Client.connect(gone.options), "closed");
  await using other = new ScriptedServer("SSH-2.0-OpenSSH_9.2", []);
  await assertFails(() => Client.connect(other.options), "protocol", "SSH-2.0");
  await using endless = new ScriptedServer("", []);
  await using chatty = new ScriptedServer("220 Hi", [
    [/^USER/, async ({ say }) => {
      for (;;) await say("331-".padEnd(8192, "x"));
    }],
  ]);
  await assertFails(() => Client.connect(chatty.options), "protocol", "262144 bytes");
  await assertFails(() => Client.connect({ ...endless.options, timeout: 50 }), "timeout");
});

Deno.test("Client says why a connection was not made", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const error = await assertFails(() => Client.connect({ host: "127.0.0.1", port, tls: "off" }), "refused");
  assert(error.isTemporary);
  await assertFails(() => Client.connect({ host: "no-such-host.invalid", tls: "off", timeout: 5000 }), "unknownHost");
});

Deno.test("Client is told 421 in the greeting, and that a retry makes sense", async () => {
  await using busy = new ScriptedServer("421 Too many users", []);
  const error = await assertFails(() => Client.connect(busy.options), "reply", "421 Too many users");
  assert(error.isTemporary);
});

Deno.test("Client has no name for a listing without an end", async () => {
  await using server = new ScriptedServer("220 Hi", [
    ...LOGIN,
    [/^EPSV$/, ({ offerData }) => offerData()],
    [/^LIST$/, "150 Here", async ({ data, say }) => {
      const connection = await data.accept();
      try {
        for (;;) await connection.write(new Uint8Array(65536).fill(0x61));
      } catch {
        await say("426 Cut");
      } finally {
        connection.close();
      }
    }],
    [/ABOR$/, "226 Aborted"],
    [/^NOOP$/, "200 Here"],
    [/^PWD$/, '257 "/"'],
  ]);
  await using client = await Client.connect({ ...server.options, maxListing: 1_000_000 });
  await assertFails(() => client.list(), "protocol", "more than 1000000 bytes");
  assertEquals(await client.workingDirectory(), "/");
});

for (
  const [what, answer, kind] of [
    ["after the data", ["150 Here", 3, "226 Done"], undefined],
    ["before the data", ["150 Here", "226 Done", 3], undefined],
    ["alone, without a 150", [3, "226 Done"], undefined],
    ["as 451 after the data", ["150 Here", 3, "451 Disk error"], "reply"],
    ["as 426 before the end", ["150 Here", "426 Cut", 3], "reply"],
    ["as 425 instead of 150", ["425 No connection"], "reply"],
  ] as const
) {
  Deno.test(`Client takes the final reply ${what}`, async () => {
    await using server = new ScriptedServer("220 Hi", [
      ...LOGIN,
      [/^EPSV$/, ({ offerData }) => offerData()],
      [/^RETR f$/, async ({ say, data }) => {
        for (const part of answer) {
          if (typeof part === "string") await say(part);
          else {
            using connection = await data.accept();
            await connection.write(new Uint8Array(part));
          }
        }
      }],
      [/^PWD$/, '257 "/"'],
    ]);
    await using client = await Client.connect(server.options);
    const work = () => client.download("f", NO_SINK, { size: 3 });
    if (kind) assert((await assertFails(work, kind)).code);
    else assertEquals(await work(), 3);
    assertEquals(await client.workingDirectory(), "/");
  });
}

Deno.test("Client does not take a short file for a whole one", async () => {
  await withClient({ files: { "/f": "abc" } }, async ({ client }) => {
    await assertFails(() => client.download("/f", NO_SINK, { size: 4 }), "truncated", "Only 3 of 4");
    assertEquals(await client.download("/f", NO_SINK, { size: 3 }), 3);
  });
});

Deno.test("Client does not take the end of TLS for that of a file unless it is confirmed", async () => {
  const cut = (connection: Connection, { purpose }: ConnectionUse): Connection =>
    purpose === "control" ? connection : {
      tls: connection.tls,
      localAddr: connection.localAddr,
      remoteAddr: connection.remoteAddr,
      read: (buffer) => connection.read(buffer),
      write: (data) => connection.write(data),
      closeWrite: () => Promise.resolve(connection.close()),
      close: () => connection.close(),
    };
  const setup = { files: { "/f": "abc" }, client: { tls: "required" }, server: { network: { wrap: cut } } } as const;
  await withClient(setup, async ({ client }) => {
    await assertFails(() => client.download("/f", NO_SINK), "truncated", "close_notify");
    await assertFails(() => client.list("/"), "truncated", "close_notify");
    assertEquals(await client.download("/f", NO_SINK, { size: 3 }), 3);
  });
});

Deno.test("Client says that no data connection can be made, and goes on", async () => {
  using closed = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = closed.addr;
  closed.close();
  await using server = new ScriptedServer("220 Hi", [
    ...LOGIN,
    [/^EPSV$/, `229 Here (|||${port}|)`],
    [/^RETR f$/],
    [/ABOR$/, "426 Aborted", "226 Abort done"],
    [/^NOOP$/, "200 Here"],
    [/^PWD$/, '257 "/"'],
  ]);
  await using client = await Client.connect(server.options);
  const error = await assertFails(() => client.download("f", NO_SINK), "dataConnection", "firewall");
  assert(error.isTemporary);
  assertEquals(await client.workingDirectory(), "/");
});

Deno.test("Client closes a session whose server does not come back into step", async () => {
  await using server = new ScriptedServer("220 Hi", [
    ...LOGIN,
    [/^EPSV$/, ({ offerData }) => offerData()],
    [/^STOR f$/, "150 Here"],
    [/ABOR$/, ({ connection }) => connection.close()],
  ]);
  await using client = await Client.connect(server.options);
  const abort = new AbortController();
  const source = {
    read: (buffer: Uint8Array) => Promise.resolve(abort.abort(new Error("enough"))).then(() => buffer.length),
  };
  await assertRejects(() => client.upload(source, "f", { signal: abort.signal }), Error, "enough");
  assertEquals(client.isOpen, false);
  await assertFails(() => client.list(), "closed");
});

Deno.test("ClientError knows which failures pass", () => {
  const reply = (code: number, text = "") => new ClientError("reply", "", { code, reply: text }).isTemporary;
  assertEquals([421, 425, 426, 450].map((code) => reply(code)), [true, true, true, true]);
  assertEquals([451, 452, 500, 530, 550, 552, 553].map((code) => reply(code)), Array(7).fill(false));
  assertEquals(reply(530, "Sorry, too many connections from your address"), true);
  assertEquals(new ClientError("untrusted", "").isTemporary, false);
  assertEquals(new ClientError("timeout", "").isTemporary, true);
});

/** A connection that has this to say, and then waits. */
function connectionOf(bytes: Uint8Array) {
  let isRead = false;
  const address = { hostname: "127.0.0.1", port: 1 };
  return {
    localAddr: address,
    remoteAddr: address,
    read: (buffer: Uint8Array): Promise<number | null> => {
      if (isRead) return new Promise(() => {});
      isRead = true;
      buffer.set(bytes);
      return Promise.resolve(bytes.length);
    },
    write: (data: Uint8Array) => Promise.resolve(data.length),
    closeWrite: () => Promise.resolve(),
    close: () => {},
  };
}
