import { PemConverter, X509CertificateGenerator } from "@peculiar/x509";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "@std/path";
import {
  CertificateError,
  fixedCertificates,
  type KeyPair,
  loadKeyPair,
  parseKeyPair,
} from "../../lib/tls/certificates.ts";
import { daysLeft } from "../../lib/tls/days_left.ts";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { selfSigned } from "./helpers.ts";

/** An RSA certificate with a common name and no alternative names, as old tools make them. */
async function createRsaPair(commonName: string): Promise<{ certificate: string; privateKey: string }> {
  const algorithm = {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    keys,
    signingAlgorithm: algorithm,
    serialNumber: "01",
    name: `O=Test, CN=${commonName}`,
  });
  const privateKey = PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { certificate: certificate.toString("pem"), privateKey };
}

Deno.test("createSelfSigned makes a pair for localhost and the names given", async () => {
  const pair = await createSelfSigned({ names: ["FTP.Example", "192.0.2.7", "2001:db8::7"], days: 30 });
  assertEquals(pair.names, ["ftp.example", "192.0.2.7", "2001:db8::7", "localhost", "127.0.0.1", "::1"]);
  assertEquals(daysLeft(pair), 29);
  assertEquals(daysLeft(pair, new Date(pair.notAfter.getTime() + 1)), -1);
});

Deno.test("createSelfSigned never makes the same certificate twice", async () => {
  const again = await createSelfSigned({ names: ["ftp.example"] });
  assert(again.certificate !== selfSigned.certificate);
  assert(again.privateKey !== selfSigned.privateKey);
});

Deno.test("createSelfSigned refuses days and names that cannot be", async () => {
  for (const days of [0, 1.5, 3651, NaN]) {
    await assertRejects(() => createSelfSigned({ days }), RangeError, `"${days}"`);
  }
  for (const name of ["", "a b", "ftp..example", "ftp.example,DNS:evil", "*", "a.*.b"]) {
    await assertRejects(() => createSelfSigned({ names: [name] }), RangeError, `"${name}"`);
  }
});

Deno.test("parseKeyPair takes EC, RSA and chains", async () => {
  const other = await createSelfSigned();
  const plain = parseKeyPair(selfSigned.certificate, selfSigned.privateKey);
  assertEquals(plain.names.slice(0, 3), ["ftp.example", "localhost", "127.0.0.1"]);
  assertEquals([plain.notBefore, plain.notAfter], [selfSigned.notBefore, selfSigned.notAfter]);
  const chained = parseKeyPair(`${selfSigned.certificate}\n${other.certificate}`, selfSigned.privateKey);
  assertEquals(chained.names, plain.names);
  const { certificate, privateKey } = await createRsaPair("RSA.example");
  assertEquals(parseKeyPair(certificate, privateKey).names, ["rsa.example"]);
});

Deno.test("parseKeyPair refuses what cannot serve", async () => {
  const other = await createSelfSigned();
  const half = selfSigned.certificate.slice(0, 200);
  const damaged = selfSigned.certificate.replace(/\n.{20}/, "\nAAAAAAAAAAAAAAAAAAAA");
  const table: [string, string, string, string][] = [
    ["another key", selfSigned.certificate, other.privateKey, 'Key file "k" does not belong to certificate file "c"'],
    ["empty certificate", "", selfSigned.privateKey, 'Certificate file "c" holds no PEM certificate'],
    ["half a certificate", half, selfSigned.privateKey, 'Certificate file "c" holds no PEM certificate'],
    ["damaged certificate", damaged, selfSigned.privateKey, 'Certificate file "c" holds a damaged certificate'],
    [
      "damaged chain",
      `${selfSigned.certificate}\n${damaged}`,
      selfSigned.privateKey,
      'Certificate file "c" holds a damaged certificate',
    ],
    ["empty key", selfSigned.certificate, "", 'Key file "k" holds no usable PEM private key'],
    ["half a key", selfSigned.certificate, selfSigned.privateKey.slice(0, 90), 'Key file "k" holds no usable'],
    ["files swapped", selfSigned.privateKey, selfSigned.certificate, 'Certificate file "c" holds no PEM certificate'],
  ];
  for (const [title, certificate, privateKey, message] of table) {
    const files = { certificateFile: "c", privateKeyFile: "k" };
    const error = assertThrows(() => parseKeyPair(certificate, privateKey, files), CertificateError, message);
    assertEquals(error.name, "CertificateError", title);
  }
});

Deno.test("loadKeyPair names the file it cannot read", async () => {
  const dir = await Deno.makeTempDir();
  const certificateFile = join(dir, "cert.pem");
  await Deno.writeTextFile(certificateFile, selfSigned.certificate);
  const missing = join(dir, "key.pem");
  await assertRejects(
    () => loadKeyPair({ certificateFile, privateKeyFile: missing }),
    CertificateError,
    `File "${missing}" does not exist`,
  );
  await assertRejects(
    () => loadKeyPair({ certificateFile: dir, privateKeyFile: missing }),
    CertificateError,
    `File "${dir}"`,
  );
  await Deno.remove(dir, { recursive: true });
});

Deno.test("CertificateSource select takes the first pair that carries the name", () => {
  const named = (...names: string[]): KeyPair => ({ ...selfSigned, names });
  const [first, wild, exact] = [named("a.example"), named("*.b.example"), named("x.b.example", "a.example")];
  const source = fixedCertificates(first, wild, exact);
  const table: [string | undefined, KeyPair][] = [
    [undefined, first],
    ["a.example", first],
    ["x.b.example", wild],
    ["b.example", first],
    ["y.x.b.example", first],
    ["example", first],
    ["elsewhere", first],
  ];
  for (const [name, expected] of table) assert(source.select(name) === expected, name);
  assertThrows(() => fixedCertificates().select(undefined), RangeError);
});
