import { assertEquals } from "@std/assert";
import { X509Certificate } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { parseCertificates, reasonAgainstChain } from "../../lib/client/chain.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 29);

interface Party {
  readonly name: string;
  readonly keys: CryptoKeyPair;
  readonly pem: string;
  readonly certificate: X509Certificate;
}

/** A certificate for `name`, signed by `issuer` or by itself. */
async function make(name: string, { issuer, ca = false, days = [-1, 1] }: {
  readonly issuer?: Party;
  readonly ca?: boolean;
  readonly days?: readonly [from: number, to: number];
} = {}): Promise<Party> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const made = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: `CN=${issuer?.name ?? name}`,
    notBefore: new Date(NOW + days[0] * DAY),
    notAfter: new Date(NOW + days[1] * DAY),
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(ca, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }, { type: "ip", value: "127.0.0.1" }]),
    ],
  });
  const pem = made.toString("pem");
  return { name, keys, pem, certificate: new X509Certificate(pem) };
}

Deno.test("reasonAgainstChain follows a chain to an authority, and finds each fault in it", async () => {
  const root = await make("root", { ca: true });
  const middle = await make("middle", { issuer: root, ca: true });
  const leaf = await make("ftp.example.org", { issuer: middle });
  const judge = (chain: Party[], authorities: Party[], host = "ftp.example.org", now = NOW) =>
    reasonAgainstChain(
      chain.map((party) => party.certificate),
      authorities.map((party) => party.certificate),
      host,
      now,
    );

  assertEquals(judge([leaf, middle], [root]), undefined);
  assertEquals(judge([leaf], [middle]), undefined);
  assertEquals(judge([leaf], [leaf]), undefined);
  assertEquals(judge([leaf, middle], [root], "127.0.0.1"), undefined);

  const unknown = "no authority that is trusted here has signed it";
  assertEquals(judge([leaf], [root]), unknown);
  assertEquals(judge([leaf, middle], []), unknown);
  assertEquals(judge([leaf, middle, root], [await make("root", { ca: true })]), unknown);
  assertEquals(judge([], [root]), "there is none");
  assertEquals(judge([leaf, middle], [root], "example.org"), "it is for another name");
  assertEquals(judge([leaf, middle], [root], "127.0.0.2"), "it is for another name");
  assertEquals(judge([leaf, middle], [root], undefined, NOW + 2 * DAY), "it has expired");
  assertEquals(judge([leaf, middle], [root], undefined, NOW - 2 * DAY), "it is not valid yet");
});

Deno.test("reasonAgainstChain lets nobody sign who is no authority, or whose time is over", async () => {
  const root = await make("root", { ca: true });
  const server = await make("server", { issuer: root });
  const forged = await make("bank.example", { issuer: server });
  const judge = (chain: Party[]) =>
    reasonAgainstChain(chain.map((party) => party.certificate), [root.certificate], chain[0]?.name ?? "", NOW);
  assertEquals(judge([forged, server]), "no authority that is trusted here has signed it");

  const lapsed = await make("lapsed", { issuer: root, ca: true, days: [-9, -8] });
  assertEquals(judge([await make("late", { issuer: lapsed }), lapsed]), "it has expired");

  // The right name and key identifier, and another key.
  const impostor = { ...await make("root", { ca: true }), name: "root" };
  assertEquals(judge([await make("x", { issuer: impostor })]), "no authority that is trusted here has signed it");

  // Two authorities that have signed each other lead nowhere, and end.
  const [one, other] = [await make("one", { ca: true }), await make("other", { ca: true })];
  const crossed = [await make("one", { issuer: other, ca: true }), await make("other", { issuer: one, ca: true })];
  assertEquals(
    judge([await make("y", { issuer: one }), ...crossed]),
    "no authority that is trusted here has signed it",
  );
});

Deno.test("parseCertificates reads every certificate of a text", async () => {
  const [one, other] = [await make("one"), await make("other")];
  const subjects = parseCertificates(`# mine\n${one.pem}\n${other.pem}\n`).map(({ subject }) => subject);
  assertEquals(subjects, ["CN=one", "CN=other"]);
});
