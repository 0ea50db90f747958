/**
 * Self-signed certificates for testing. No client trusts one by itself.
 *
 * @module
 */

import { isIP } from "node:net";
import { type KeyPair, parseKeyPair } from "./certificates.ts";

/** The options of {@link createSelfSigned}. */
export interface SelfSignedOptions {
  /** DNS names and addresses in addition to `localhost`, `127.0.0.1` and `::1`. */
  readonly names?: readonly string[];
  /**
   * Days until it expires, 1 to 3650.
   *
   * @default 365
   */
  readonly days?: number;
}

/** The names in every self-signed certificate. */
export const LOCAL_NAMES: readonly string[] = ["localhost", "127.0.0.1", "::1"];

/** The validity of a self-signed certificate unless it is given, in days. */
export const DEFAULT_SELF_SIGNED_DAYS = 365;

/** The longest validity of a self-signed certificate, in days. */
export const MAX_SELF_SIGNED_DAYS = 3650;

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const MILLISECONDS_PER_DAY = 86_400_000;
const HOST_NAME = /^(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/i;
/** Clocks of clients may be slightly slow. */
const CLOCK_SKEW = 5 * 60_000;

/** Creates a new pair on the curve P-256. Rejects with `RangeError` for days out of range or an invalid name. */
export async function createSelfSigned(
  { names = [], days = DEFAULT_SELF_SIGNED_DAYS }: SelfSignedOptions = {},
): Promise<KeyPair> {
  if (!Number.isInteger(days) || days < 1 || days > MAX_SELF_SIGNED_DAYS) {
    throw new RangeError(`Validity in days must be 1 to ${MAX_SELF_SIGNED_DAYS}, not "${days}"`);
  }
  const wrong = names.find((name) => !isIP(name) && !HOST_NAME.test(name));
  if (wrong !== undefined) {
    throw new RangeError(`Certificate name is not a host name or address: "${wrong}"`);
  }
  const all = [...new Set([...names.map((name) => name.toLowerCase()), ...LOCAL_NAMES])];
  // Loaded here because a server with its own certificate never needs it.
  const x509 = await import("@peculiar/x509");
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    keys,
    signingAlgorithm: ALGORITHM,
    serialNumber: serialNumber(),
    // No longer than 64 characters (RFC 5280 appendix A.1); only the alternative names count.
    name: [{ CN: [all.find(({ length }) => length <= 64) ?? "localhost"] }],
    notBefore: new Date(now - CLOCK_SKEW),
    notAfter: new Date(now + days * MILLISECONDS_PER_DAY),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        all.map((name) => ({ type: isIP(name) ? "ip" : "dns", value: name }) as const),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  const privateKey = `${x509.PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`;
  return { ...parseKeyPair(`${certificate.toString("pem")}\n`, privateKey), names: all };
}

/** Random and positive, 16 bytes: two certificates with the same name must differ in it (RFC 5280 section 4.1.2.2). */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toHex();
}
