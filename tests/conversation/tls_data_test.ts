import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { closeQuietly, type Connection } from "../../lib/net/connection.ts";
import { VfsError } from "../../lib/vfs/vfs.ts";
import { conversation, type Stage, tlsConversation } from "../helpers/server.ts";
import { protect, sendAndCut } from "../helpers/tls.ts";
import { readAll, sendData, type Wire } from "../helpers/wire.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

tlsConversation("PROT counts when the transfer begins, whether sent before or after PASV", {
  files: { "/a": "hello" },
}, async ({ ftp }) => {
  await ftp.startTls(protect);
  await ftp.login();
  await ftp.expect("PROT C", 200);
  const first = await ftp.passive();
  await ftp.expect("PROT P", 200);
  await ftp.expect("RETR a", 150);
  assertEquals(text(await readAll(await protect(first))), "hello");
  await ftp.expectReply(226);
  const second = await ftp.passive();
  await ftp.expect("PROT C", 200);
  await ftp.expect("RETR a", 150);
  assertEquals(text(await readAll(second)), "hello");
  await ftp.expectReply(226);
});

tlsConversation("PROT P takes a handshake before the transfer command as well as after it", {
  files: { "/a": "hello" },
  // A server that lets such a client wait ends its session.
  options: { idleTimeout: 8_000 },
}, async ({ ftp, files, events }) => {
  await ftp.startTls(protect);
  await ftp.login();
  for (const line of ["RETR a", "NLST"]) {
    const data = await protect(await ftp.passive());
    await ftp.expect(line, 150);
    assertEquals(text(await readAll(data)), line === "NLST" ? "a\r\n" : "hello");
    await ftp.expectReply(226);
  }
  const data = await protect(await ftp.passive());
  await data.write(new TextEncoder().encode("early"));
  await ftp.expect("STOR b", 150);
  await sendData(data, " bird");
  await ftp.expectReply(226);
  assertEquals(text(files.read("/b")), "early bird");
  const opened = events.flatMap((event) => event.type === "dataOpened" ? [event.secure] : []);
  assertEquals(opened, [true, true, true]);
});

tlsConversation("PROT C after a handshake on the data connection refuses the transfer", {
  files: { "/a": "hello" },
  // A server that lets such a client wait ends its session.
  options: { idleTimeout: 8_000 },
}, async ({ ftp }) => {
  await ftp.startTls(protect);
  await ftp.login();
  const data = await protect(await ftp.passive());
  await ftp.expect("PROT C", 200);
  await ftp.expect("RETR a", 150);
  await ftp.expectReply(522);
  await assertRejects(() => readAll(data));
  await ftp.expect("PROT P", 200);
  assertEquals(text(await ftp.download("RETR a")), "hello");
});

tlsConversation("An early handshake that fails is reported after the transfer command, and ABOR ends one", {
  files: { "/a": "hello" },
  // A server that lets such a client wait ends its session.
  options: { idleTimeout: 8_000 },
}, async ({ ftp }) => {
  await ftp.startTls(protect);
  await ftp.login();
  const broken = await ftp.passive();
  await broken.write(new TextEncoder().encode("This is no ClientHello"));
  await ftp.expect("RETR a", 150);
  await ftp.expectReply(522);
  const hesitant = await ftp.passive();
  // The first bytes of a record that never comes.
  await hesitant.write(Uint8Array.of(22, 3, 1));
  await ftp.expect("RETR a", 150);
  await ftp.send("ABOR");
  assertEquals(await ftp.codes(2), [426, 226]);
  const unasked = await protect(await ftp.passive());
  await ftp.expect("ABOR", 226);
  await assertRejects(() => readAll(unasked));
  assertEquals(text(await ftp.download("RETR a")), "hello");
});

tlsConversation("PROT P protects active data connections, where the server stays the server", {
  files: { "/a": "hello" },
}, async ({ ftp }) => {
  await ftp.startTls(protect);
  await ftp.login();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  for (const line of [`PORT 127,0,0,1,${port >> 8},${port & 255}`, `EPRT |1|127.0.0.1|${port}|`]) {
    await ftp.expect(line, 200);
    await ftp.expect("RETR a", 150);
    assertEquals(text(await readAll(await protect(await listener.accept()))), "hello");
    await ftp.expectReply(226);
    await ftp.expect(line, 200);
    await ftp.expect("STOR b", 150);
    await sendData(await protect(await listener.accept()), "there");
    await ftp.expectReply(226);
    assertEquals(await ftp.downloadText("RETR b"), "there");
  }
});

tlsConversation("Transfers in clear are answered 521 where data must be protected", {
  tls: { data: "required" },
  files: { "/a": "hello" },
}, async ({ ftp }) => {
  for (const line of ["RETR a", "STOR b", "APPE b", "STOU", "LIST", "NLST", "MLSD"]) {
    await ftp.expect("EPSV", 229);
    await ftp.expect(line, 521);
    // The data port is spent all the same.
    await ftp.expect(line, 425);
  }
  await ftp.expect("SIZE b", 550);
  await ftp.startTls(protect);
  await ftp.login();
  await ftp.expect("EPSV", 229);
  assertEquals(await ftp.downloadText("RETR a"), "hello");
});

conversation(
  "A listing over the control connection needs no data protection",
  { files: { "/a": "x" } },
  async ({ ftp }) => {
    await ftp.expect("STAT a", 213);
    await ftp.expect("MLST a", 250);
  },
);

tlsConversation("A download under TLS ends with close_notify, also an empty one", {
  files: { "/empty": "", "/a": "hello", "/big": new Uint8Array(3 << 20) },
}, async ({ ftp }) => {
  await ftp.startTls(protect);
  await ftp.login();
  await ftp.expect("TYPE I", 200);
  // The agent's reads reject at an end without close_notify.
  for (const [name, size] of [["empty", 0], ["a", 5], ["big", 3 << 20]] as const) {
    assertEquals((await ftp.download(`RETR ${name}`)).length, size);
  }
});

tlsConversation("A download that breaks off under TLS has no close_notify to hide it", {
  files: { "/big": new Uint8Array(32 << 20) },
}, async ({ ftp }) => {
  await ftp.startTls(protect);
  await ftp.login();
  const data = await ftp.begin("RETR big");
  await ftp.expect("ABOR", 426);
  await ftp.expectReply(226);
  await assertRejects(() => readAll(data));
});

tlsConversation("A data connection that speaks no TLS is answered 522, and the session goes on", {
  files: { "/a": "hello" },
}, async ({ ftp, event }) => {
  await ftp.startTls(protect);
  await ftp.login();
  const data = await ftp.passive();
  await ftp.expect("STOR b", 150);
  await data.write(new TextEncoder().encode("in clear, by mistake"));
  await ftp.expectReply(522);
  assertEquals((await event("transfer")).reason, "tlsFailed");
  assertEquals(await ftp.downloadText("RETR a"), "hello");
});

tlsConversation("A data connection that leaves during the handshake is answered 522", {}, async ({ ftp }) => {
  await ftp.startTls(protect);
  await ftp.login();
  const data = await ftp.passive();
  await ftp.expect("STOR b", 150);
  data.close();
  await ftp.expectReply(522);
  await ftp.upload("STOR b", "x");
});

tlsConversation("A data connection that says nothing is given up after the time for handshakes", {
  options: { handshakeTimeout: 500 },
}, async ({ ftp, event, files }) => {
  await ftp.startTls(protect);
  await ftp.login();
  const data = await ftp.passive();
  await ftp.expect("STOR b", 150);
  await ftp.expectReply(522);
  const ended = await event("transfer");
  assertEquals([ended.reason, ended.complete], ["tlsFailed", false]);
  assertEquals(await data.read(new Uint8Array(1)).catch(() => null), null);
  assertThrows(() => files.read("/b"), VfsError);
  await ftp.upload("STOR b", "x");
});

tlsConversation("ABOR ends a transfer whose data connection says nothing", {}, async ({ ftp, event }) => {
  await ftp.startTls(protect);
  await ftp.login();
  await ftp.passive();
  await ftp.expect("STOR b", 150);
  await ftp.expect("ABOR", 426);
  await ftp.expectReply(226);
  assertEquals((await event("transfer")).reason, "aborted");
  await ftp.upload("STOR b", "x");
});

/** Begins an upload under TLS, sends `content`, cuts the connection without close_notify, and insists on `code`. */
async function uploadAndCut({ ftp }: Stage, content: string, code: number): Promise<void> {
  await ftp.startTls(protect);
  await ftp.login();
  const data = await ftp.passive();
  await ftp.expect("STOR a", 150);
  using _cut = await sendAndCut(data, content);
  await ftp.expectReply(code);
}

for (const content of ["", "cut off here"]) {
  const what = content === "" ? "An empty upload" : "An upload";
  tlsConversation(`${what} without close_notify counts, and is flagged`, {}, async (stage) => {
    await uploadAndCut(stage, content, 226);
    const { complete, reason, unclean, bytes } = await stage.event("transfer");
    assertEquals({ complete, reason, unclean, bytes }, {
      complete: true,
      reason: "none",
      unclean: true,
      bytes: content.length,
    });
    assertEquals((await stage.event("problem", ({ level }) => level === "warning")).session, "1");
    assertEquals(text(stage.files.read("/a")), content);
  });

  tlsConversation(`${what} without close_notify is incomplete where that is wanted`, {
    tls: { strictClose: true },
    account: { uploads: "atomic", brokenUploads: "delete" },
    files: { "/a": "old" },
  }, async (stage) => {
    await uploadAndCut(stage, content, 426);
    const { complete, reason, unclean } = await stage.event("transfer");
    assertEquals({ complete, reason, unclean }, { complete: false, reason: "tlsTruncated", unclean: true });
    assertEquals(text(stage.files.read("/a")), "old");
  });
}

tlsConversation("A client that has sent close_notify once is cut off where it is missing", {
  account: { uploads: "atomic", brokenUploads: "delete" },
  files: { "/a": "old" },
}, async (stage) => {
  const { ftp, files, event, connect } = stage;
  const store = async (ftp: Wire, content: string, code: number) => {
    const data = await ftp.passive();
    await ftp.expect("STOR a", 150);
    using _cut = await sendAndCut(data, content);
    await ftp.expectReply(code);
  };
  await ftp.startTls(protect);
  await ftp.login();
  await store(ftp, "first, cut", 226);
  assertEquals(text(files.read("/a")), "first, cut", "it may be one that never sends it");
  await ftp.upload("STOR a", "whole");
  await store(ftp, "second, cut", 426);
  const { complete, unclean } = await event("transfer", ({ reason }) => reason === "tlsTruncated");
  assertEquals([complete, unclean], [false, true]);
  assertEquals(text(files.read("/a")), "whole");
  await ftp.upload("STOR a", "whole again");
  const other = await connect();
  await other.startTls(protect);
  await other.login();
  await store(other, "another client, cut", 226);
});

/** Hooks that an embedder may write: with only what a connection must have, and with the facts of TLS too. */
const wrappers = {
  "knows nothing of TLS": (inner: Connection): Connection => ({
    localAddr: inner.localAddr,
    remoteAddr: inner.remoteAddr,
    read: (buffer) => inner.read(buffer),
    write: (data) => inner.write(data),
    closeWrite: () => inner.closeWrite(),
    close: () => inner.close(),
  }),
  "passes the facts on": (inner: Connection): Connection => ({
    ...wrappers["knows nothing of TLS"](inner),
    tls: inner.tls,
  }),
};

for (const [what, wrap] of Object.entries(wrappers)) {
  tlsConversation(`An upload that is cut off is noticed below a hook that ${what}`, {
    tls: { strictClose: true },
    options: { network: { wrap: (inner, { purpose }) => purpose === "data" ? wrap(inner) : inner } },
  }, async (stage) => {
    await uploadAndCut(stage, "cut", 426);
    const { reason, unclean } = await stage.event("transfer");
    assertEquals([reason, unclean], ["tlsTruncated", true]);
    await stage.ftp.upload("STOR b", "whole");
  });
}

tlsConversation("An upload with close_notify is whole where that is wanted, and not flagged", {
  tls: { strictClose: true },
}, async ({ ftp, event }) => {
  await ftp.startTls(protect);
  await ftp.login();
  await ftp.upload("STOR a", "whole");
  assert(!("unclean" in await event("transfer")));
});

tlsConversation("An upload in clear is never taken for cut", { tls: { strictClose: true } }, async ({ ftp }) => {
  await ftp.upload("STOR a", "whole");
});

tlsConversation("A data connection without a resumed session is refused where that is wanted", {
  tls: { sessionReuse: "require" },
}, async ({ ftp, event }) => {
  await ftp.startTls(protect);
  await ftp.login();
  // This agent does not resume.
  const data = await ftp.begin("STOR a");
  await ftp.expectReply(522);
  closeQuietly(data);
  assertEquals((await event("transfer")).reason, "tlsFailed");
});

for (const sessionReuse of ["log", "off"] as const) {
  tlsConversation(`A data connection without a resumed session is taken: ${sessionReuse}`, {
    tls: { sessionReuse },
  }, async ({ ftp, event, events }) => {
    await ftp.startTls(protect);
    await ftp.login();
    await ftp.upload("STOR a", "x");
    const opened = await event("dataOpened");
    assertEquals([opened.secure, opened.resumed], [true, false]);
    const warnings = events.filter((each) => each.type === "problem" && each.level === "warning");
    assertEquals(warnings.length, sessionReuse === "log" ? 1 : 0);
  });
}
