import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Client } from "../../lib/client/client.ts";
import { ClientError } from "../../lib/client/errors.ts";
import type { ClientOptions } from "../../lib/client/options.ts";
import { type ServerCertificate, Trust } from "../../lib/client/trust.ts";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { LOGIN, ScriptedServer, withClient } from "./helpers.ts";

/** Options that differ from those of {@link withClient}, which trusts the server's certificate. */
const STRANGER = { tls: "required", trust: {} } as const;

async function assertUntrusted(work: () => Promise<unknown>, message: string): Promise<ClientError> {
  const error = await assertRejects(work, ClientError, message);
  assertEquals([error.kind, error.isTemporary], ["untrusted", false]);
  return error;
}

for (const tls of ["optional", "required", "implicit"] as const) {
  Deno.test(`Client sends no login to a server whose certificate it does not trust (${tls})`, async () => {
    await withClient({}, async ({ connect, sent }) => {
      const before = sent.length;
      await assertUntrusted(() => connect({ ...STRANGER, tls }), "it is self-signed");
      assertEquals(sent.slice(before), tls === "implicit" ? [] : ["AUTH TLS"]);
    });
  });
}

Deno.test("Client trusts a pinned key, and with pins no other", async () => {
  await withClient({}, async ({ connect }) => {
    let shown: ServerCertificate | undefined;
    await assertUntrusted(
      () =>
        connect({
          ...STRANGER,
          trust: {
            ask: (certificate) => {
              shown = certificate;
              return Promise.resolve(false);
            },
          },
        }),
      "self-signed",
    );
    const pin = shown?.pin ?? "";
    assertMatch(pin, /^[0-9a-f]{64}$/);
    const colons = pin.toUpperCase().replaceAll(/..(?!$)/g, "$&:");
    const client = await connect({ ...STRANGER, trust: { pins: [colons] } });
    assert((await client.list()).entries);
    await assertUntrusted(
      () => connect({ tls: "required", trust: { pins: ["00".repeat(32)] } }),
      "not the one that is expected",
    );
  });
});

Deno.test("Client asks once about a certificate, and not again for data connections", async () => {
  await withClient({ files: { "/f": "1" } }, async ({ connect }) => {
    const asked: string[] = [];
    const ask = (_certificate: ServerCertificate, reason: string) => Promise.resolve(asked.push(reason) > 0);
    const client = await connect({ ...STRANGER, trust: { ask } });
    await client.list();
    await client.download("/f", { write: () => Promise.resolve() });
    assertEquals(asked, ["it is self-signed"]);
  });
});

Deno.test("Client refuses a certificate for another name", async () => {
  const pair = await createSelfSigned();
  await withClient({}, async ({ server }) => {
    const options: ClientOptions = { host: "localhost", port: server.address.port, tls: "required" };
    const other = { ...options, trust: { ca: [pair.certificate] } };
    await assertRejects(() => Client.connect(other), ClientError, "not trusted");
    const named = { ...options, host: "127.0.0.1" };
    await assertUntrusted(() => Client.connect({ ...named, trust: { ca: [] } }), "no authority");
  });
});

Deno.test("Client trusts every certificate where it is told to", async () => {
  await withClient({}, async ({ connect }) => {
    assert((await connect({ ...STRANGER, trust: { insecure: true } })).isSecure);
  });
});

Deno.test("Client sends no login in clear where TLS is required, and does where it is optional", async () => {
  await using strict = new ScriptedServer("220 Hi", [[/^AUTH TLS$/, "502 Not here"]]);
  await assertUntrusted(() => Client.connect({ ...strict.options, tls: "required" }), "offers no TLS");
  assertEquals(strict.heard, ["AUTH TLS"]);
  await using loose = new ScriptedServer("220 Hi", [[/^AUTH TLS$/, "502 Not here"], ...LOGIN]);
  await using client = await Client.connect({ ...loose.options, tls: "optional" });
  assertEquals(client.isSecure, false);
});

Deno.test("Trust takes no resumed session for a trusted one, whatever the runtime says of it", async () => {
  const { certificate } = await createSelfSigned();
  const der = Uint8Array.from(atob(certificate.replaceAll(/-----[^-]+-----|\s/g, "")), (char) => char.charCodeAt(0));
  const trust = new Trust();
  const [chain, chainError] = [[der], undefined];
  await assertUntrusted(() => trust.check({ chain, chainError, resumed: true }, "localhost"), "resumed session");
  await trust.check({ chain, chainError, resumed: false }, "localhost");
  await trust.check({ chain, chainError, resumed: true }, "localhost");
});
