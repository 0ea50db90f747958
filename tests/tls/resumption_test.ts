import { once } from "node:events";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { type SecureConnection, type TlsEndpoint, TlsError, type TlsVersion } from "../../lib/tls/tls.ts";
import { encode, endpoint, loopback, nodeClient, readAll, ROUTES, selfSigned } from "./helpers.ts";

const VERSIONS: TlsVersion[] = ["TLSv1.2", "TLSv1.3"];

/** Deno's own clients do not resume sessions (denoland/deno#36592) except within one `Deno.HttpClient`. */
const hasOpenssl = await new Deno.Command("openssl", { args: ["version"], stdout: "null", stderr: "null" })
  .output().then(({ success }) => success, () => false);

/** Accepts one connection, answers it by `reply` and closes it properly. */
async function answerOnce(listener: Deno.TcpListener, tls: TlsEndpoint, reply: string): Promise<SecureConnection> {
  const secured = await tls.secure(await listener.accept());
  await secured.write(encode(reply));
  await secured.closeWrite();
  await readAll(secured).catch(() => {});
  secured.close();
  return secured;
}

/** One visit by `openssl s_client`. */
async function openssl(port: number, ...args: string[]): Promise<void> {
  const { success } = await new Deno.Command("openssl", {
    args: ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", "localhost", "-ign_eof", ...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).output();
  assert(success, `openssl s_client ${args.join(" ")} failed`);
}

for (const route of ROUTES) {
  for (const version of VERSIONS) {
    Deno.test({
      name: `TlsEndpoint (${route}, ${version}) resumes the control connection's session for data`,
      ignore: !hasOpenssl,
      fn: async () => {
        using tls = await endpoint({ route });
        using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
        const session = await Deno.makeTempFile();
        const flag = version === "TLSv1.2" ? "-tls1_2" : "-tls1_3";
        const outcomes: boolean[] = [];
        for (const sessionArgs of [[], ["-sess_in", session], ["-sess_in", session]]) {
          const [secured] = await Promise.all([
            answerOnce(listener, tls, "220\r\n"),
            openssl(listener.addr.port, flag, ...sessionArgs, "-sess_out", session),
          ]);
          assertEquals(secured.protocol, version);
          outcomes.push(secured.tls.resumed);
        }
        assertEquals(outcomes, [false, true, true]);
        await Deno.remove(session);
      },
    });
  }

  Deno.test(`TlsEndpoint (${route}) resumes without help from outside`, async () => {
    using tls = await endpoint({ route });
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    using client = Deno.createHttpClient({ caCerts: [selfSigned.certificate] });
    const outcomes: boolean[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const [secured] = await Promise.all([
        answerOnce(listener, tls, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
        fetch(`https://localhost:${listener.addr.port}/`, { client }).then((response) => response.body?.cancel()),
      ]);
      outcomes.push(secured.tls.resumed);
    }
    assertEquals(outcomes, [false, true, true]);
  });

  Deno.test(`TlsEndpoint (${route}) chooses the certificate by the name asked for`, async () => {
    const other = await createSelfSigned({ names: ["other.example", "*.wild.example"] });
    using tls = await endpoint({ route }, selfSigned, other);
    const table: [string, string][] = [
      ["ftp.example", selfSigned.certificate],
      ["other.example", other.certificate],
      ["OTHER.example", other.certificate],
      ["a.wild.example", other.certificate],
      ["unknown.example", selfSigned.certificate],
    ];
    for (const [servername, expected] of table) {
      const { client, server } = await loopback();
      const peer = nodeClient(client, { servername, rejectUnauthorized: false });
      const [secured] = await Promise.all([tls.secure(server), once(peer, "secureConnect")]);
      assertEquals(secured.serverName, servername.toLowerCase());
      assertEquals(peer.getPeerX509Certificate()?.toString().trim(), expected.trim(), servername);
      peer.destroy();
      secured.close();
    }
  });

  Deno.test(`TlsEndpoint (${route}) refuses versions below the minimum`, async () => {
    using tls = await endpoint({ route, minVersion: "TLSv1.3" });
    const { client, server } = await loopback();
    const peer = nodeClient(client, { maxVersion: "TLSv1.2" });
    const failed = once(peer, "error");
    const error = await assertRejects(() => tls.secure(server), TlsError);
    assertEquals(error.reason, "protocol");
    await failed;
    peer.destroy();
    using lenient = await endpoint({ route });
    const second = await loopback();
    const older = nodeClient(second.client, { maxVersion: "TLSv1.2" });
    const [secured] = await Promise.all([lenient.secure(second.server), once(older, "secureConnect")]);
    assertEquals(secured.protocol, "TLSv1.2");
    assert(secured.cipher.startsWith("TLS_ECDHE_ECDSA_WITH_"), secured.cipher);
    older.destroy();
    secured.close();
  });
}
