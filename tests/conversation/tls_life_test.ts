import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { closeQuietly, writeAll } from "../../lib/net/connection.ts";
import { FtpServer } from "../../lib/server/server.ts";
import type { KeyPair } from "../../lib/tls/certificates.ts";
import { CertificateStore } from "../../lib/tls/certificate_store.ts";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { createTlsEndpoint } from "../../lib/tls/tls.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { authenticatorOf, type Stage, tlsConversation } from "../helpers/server.ts";
import { protect, protectTrusting } from "../helpers/tls.ts";
import { readAll, Wire } from "../helpers/wire.ts";

/** The beginning of a ClientHello, whose end never comes. */
const HALF_A_HELLO = new Uint8Array([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]);

const quickHandshakes = { login: false, options: { handshakeTimeout: 30 } } as const;

function connectImplicit({ server }: Stage): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname: "127.0.0.1", port: server.implicitTlsAddress?.port ?? 0 });
}

for (const [what, bytes] of [["nothing", new Uint8Array()], ["half a hello", HALF_A_HELLO]] as const) {
  tlsConversation(
    `AUTH and then ${what} ends the session after the time for handshakes`,
    quickHandshakes,
    async (stage) => {
      await stage.ftp.expect("AUTH TLS", 234);
      await stage.ftp.sendRaw(bytes);
      await stage.ftp.closed();
      assertEquals((await stage.event("sessionClosed")).reason, "TLS handshake failed");
    },
  );

  tlsConversation(
    `An implicit listener that hears ${what} closes after the time for handshakes`,
    quickHandshakes,
    async (stage) => {
      using visitor = await connectImplicit(stage);
      if (bytes.length > 0) await visitor.write(bytes);
      assertEquals(await visitor.read(new Uint8Array(1)).catch(() => null), null);
      assertEquals((await stage.event("notice")).message, "TLS handshake failed");
      assertEquals(stage.events.filter(({ type }) => type === "sessionOpened").length, 1);
    },
  );
}

tlsConversation("The limit of sessions comes before the handshake, and counts what has not finished it", {
  login: false,
  options: { maxSessions: 2 },
}, async (stage) => {
  const silent = await connectImplicit(stage);
  // In clear, though the listener speaks TLS: a handshake is what a server at its limit has no time for.
  assert(new TextDecoder().decode(await readAll(await connectImplicit(stage))).startsWith("421 "));
  await using refused = await Wire.connect(stage.server.address.port);
  await refused.expectReply(421);
  silent.close();
  await stage.event("notice", ({ message }) => message === "TLS handshake failed");
  const welcome = await stage.connect();
  await welcome.startTls(protect);
});

tlsConversation("The end of the server ends handshakes that are under way", {}, async (stage) => {
  const { ftp, server } = stage;
  await ftp.startTls(protect);
  await ftp.login();
  const data = await ftp.passive();
  await ftp.expect("STOR a", 150);
  const asked = await stage.connect();
  await asked.expect("AUTH TLS", 234);
  using visitor = await connectImplicit(stage);
  await server.shutdown({ grace: 0 });
  for (const connection of [data, visitor]) {
    assertEquals(await connection.read(new Uint8Array(1)).catch(() => null), null);
  }
  await asked.closed();
});

/** Sockets of this process, which is server and client in one; 0 where the system does not tell. */
function openSockets(): number {
  if (Deno.build.os !== "linux") return 0;
  return [...Deno.readDirSync("/proc/self/fd")].filter(({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`).startsWith("socket:");
    } catch {
      // The one that the directory was read through is gone by now.
      return false;
    }
  }).length;
}

/** One of the ways in which a client comes and goes. */
async function visit({ server, event, events }: Stage, number: number): Promise<void> {
  const implicit = number % 2 === 1;
  const port = implicit ? server.implicitTlsAddress?.port ?? 0 : server.address.port;
  const wire = await Wire.connect(port, implicit ? { protect } : {});
  await wire.expectReply(220);
  if (!implicit) await wire.startTls(protect);
  await wire.login();
  const session = events.findLast(({ type }) => type === "sessionOpened");
  if (number % 10 === 0) await wire.upload("STOR a", "x");
  if (number % 4 < 2) {
    await wire.expect("QUIT", 221);
    await wire.closed();
  }
  wire.close();
  await event("sessionClosed", (closed) => session?.type === "sessionOpened" && closed.session === session.session);
}

tlsConversation("200 TLS logins in a row leave no socket open", { login: false }, async (stage) => {
  const before = openSockets();
  for (let number = 0; number < 200; number++) await visit(stage, number);
  // The runtime closes the agent's sockets in its own time, behind their close_notify.
  for (let turn = 0; openSockets() > before && turn < 500; turn++) await new Promise((done) => setTimeout(done, 10));
  assert(openSockets() <= before, `${openSockets()} sockets instead of ${before}`);
  assertEquals(stage.server.sessionCount, 1);
});

/** A server whose certificate is in files, as that of `serve`. */
async function writePair(directory: string, { certificate, privateKey }: KeyPair): Promise<void> {
  await Deno.writeTextFile(join(directory, "key.pem"), privateKey);
  await Deno.writeTextFile(join(directory, "cert.pem"), certificate);
}

Deno.test("A certificate swapped while 20 sessions transfer disturbs none of them", async () => {
  const directory = await Deno.makeTempDir();
  const [older, newer] = await Promise.all([createSelfSigned(), createSelfSigned()]);
  await writePair(directory, older);
  const swapped = Promise.withResolvers<void>();
  await using certificates = await CertificateStore.open(
    [{ certificateFile: join(directory, "cert.pem"), privateKeyFile: join(directory, "key.pem") }],
    { settleTime: 20, onReload: () => swapped.resolve() },
  );
  const content = crypto.getRandomValues(new Uint8Array(65_536)).subarray(0, 65_521);
  const big = new Uint8Array(12 << 20).map((_, index) => index % 251);
  const files = new MemoryVfs({ files: { "/big": big } });
  await using server = new FtpServer({
    authenticator: authenticatorOf({ name: "demo" }),
    fileSystem: () => files,
    port: 0,
    tls: { endpoint: await createTlsEndpoint(certificates, { route: "socket" }) },
  });
  server.listen();
  const trusting = protectTrusting([older.certificate, newer.certificate]);
  const sessions = await Promise.all(Array.from({ length: 20 }, async (_, index) => {
    const ftp = await Wire.connect(server.address.port);
    await ftp.expectReply(220);
    await ftp.startTls(trusting);
    await ftp.login();
    await ftp.expect("TYPE I", 200);
    const name = `file ${index}`;
    const upload = index % 2 === 0;
    const data = await ftp.begin(upload ? `STOR ${name}` : "RETR big");
    if (upload) await writeAll(data, content);
    return { ftp, data, name, upload };
  }));
  await writePair(directory, newer);
  await swapped.promise;

  await using later = await Wire.connect(server.address.port);
  await later.expectReply(220);
  await later.startTls(protectTrusting([newer.certificate]));
  await using late = await Wire.connect(server.address.port);
  await late.expectReply(220);
  await assertRejects(() => late.startTls(protectTrusting([older.certificate])), Error, "certificate");

  for (const { ftp, data, name, upload } of sessions) {
    if (upload) {
      await writeAll(data, content);
      await data.closeWrite();
      await ftp.expectReply(226);
      assertEquals(files.read(`/${name}`), Uint8Array.from([...content, ...content]));
    } else {
      assertEquals(await readAll(data), big);
      await ftp.expectReply(226);
    }
    // A new data connection of an old session has the new certificate.
    await ftp.upload(`STOR ${name}`, "behind");
    closeQuietly(data);
    ftp.close();
  }
  await Deno.remove(directory, { recursive: true });
});
