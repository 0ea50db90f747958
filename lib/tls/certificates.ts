/**
 * Certificates with their private keys: checked when loaded, selected by name at each handshake.
 *
 * @module
 */

import type { KeyObject, X509Certificate } from "node:crypto";
import { nodeCrypto } from "../net/node_modules.ts";

/** A certificate chain with its private key; they are known to match. */
export interface KeyPair {
  /** PEM, the server's own certificate first, then the chain. */
  readonly certificate: string;
  /** PEM, not encrypted. */
  readonly privateKey: string;
  /** The DNS names and addresses of the certificate, in lower case. A DNS name may begin with `*.`. */
  readonly names: readonly string[];
  /** The certificate is valid from then on. */
  readonly notBefore: Date;
  /** The certificate is valid until then. */
  readonly notAfter: Date;
}

/** Provides an endpoint with its certificate at each handshake. */
export interface CertificateSource {
  /** Every pair in use, at least one. A pair keeps its identity until it is replaced. */
  readonly pairs: readonly KeyPair[];
  /**
   * The pair for the name the client asked for (SNI, lower case): the first with that name, otherwise the first of all.
   */
  select(serverName: string | undefined): KeyPair;
}

/** The files of a pair. */
export interface KeyPairFiles {
  /** The path of the certificate and its chain, in PEM. */
  readonly certificateFile: string;
  /** The path of the private key, in PEM. */
  readonly privateKeyFile: string;
}

/** A pair that cannot be used; the message names the file and the reason. */
export class CertificateError extends Error {
  /** `CertificateError`, or the name of a subclass. */
  override readonly name: string = "CertificateError";
}

/** A file exists but could not be read: the next attempt may succeed. */
export class CertificateUnread extends CertificateError {
  override readonly name = "CertificateUnread";
}

const CERTIFICATE_BLOCK = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Reads and checks a pair. Rejects with {@link CertificateError}, also for a file that cannot be read. */
export async function loadKeyPair({ certificateFile, privateKeyFile }: KeyPairFiles): Promise<KeyPair> {
  const certificate = await readPem(certificateFile);
  const privateKey = await readPem(privateKeyFile);
  return parseKeyPair(certificate, privateKey, { certificateFile, privateKeyFile });
}

/**
 * Checks a pair in memory; `files` are the names used in messages.
 *
 * @throws {CertificateError}
 */
export function parseKeyPair(
  certificate: string,
  privateKey: string,
  { certificateFile = "certificate", privateKeyFile = "private key" }: Partial<KeyPairFiles> = {},
): KeyPair {
  const blocks = certificate.match(CERTIFICATE_BLOCK) ?? [];
  const [leaf] = blocks.map((block) =>
    attempt(
      `Certificate file "${certificateFile}" holds a damaged certificate`,
      () => new (nodeCrypto().X509Certificate)(block),
    )
  );
  if (leaf === undefined) throw new CertificateError(`Certificate file "${certificateFile}" holds no PEM certificate`);
  const key = attempt(
    `Key file "${privateKeyFile}" holds no usable PEM private key`,
    () => nodeCrypto().createPrivateKey(privateKey),
  );
  if (!belongTogether(leaf, key)) {
    throw new CertificateError(`Key file "${privateKeyFile}" does not belong to certificate file "${certificateFile}"`);
  }
  return {
    certificate,
    privateKey,
    names: namesOf(leaf),
    notBefore: new Date(leaf.validFrom),
    notAfter: new Date(leaf.validTo),
  };
}

/**
 * The pair of `pairs` for `serverName`; see {@link CertificateSource.select}.
 *
 * @throws {RangeError} without any pair.
 */
export function selectPair(pairs: readonly KeyPair[], serverName: string | undefined): KeyPair {
  const named = serverName === undefined ? undefined : pairs.find((pair) => isFor(pair, serverName));
  const pair = named ?? pairs[0];
  if (pair === undefined) throw new RangeError("There are no certificates to choose from");
  return pair;
}

/** Whether `pair` has that name, in lower case, or a wildcard for it. */
export function isFor({ names }: KeyPair, serverName: string): boolean {
  return names.some(matches(serverName));
}

/** A source of pairs that never change, such as a self-signed one made at the start. */
export function fixedCertificates(...pairs: readonly KeyPair[]): CertificateSource {
  return { pairs, select: (serverName) => selectPair(pairs, serverName) };
}

async function readPem(path: string): Promise<string> {
  try {
    // Reading a pipe would wait for its writer, perhaps forever.
    if ((await Deno.stat(path)).isFile) return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new CertificateError(`File "${path}" does not exist`, { cause: error });
    }
    throw new CertificateUnread(`File "${path}" cannot be read`, { cause: error });
  }
  throw new CertificateError(`File "${path}" is not a regular file`);
}

function attempt<T>(failure: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new CertificateError(failure, { cause: error });
  }
}

/**
 * Compares public keys: `X509Certificate.checkPrivateKey` does the same, but not every runtime we compile with has it.
 */
function belongTogether(certificate: X509Certificate, privateKey: KeyObject): boolean {
  const spki = { type: "spki", format: "der" } as const;
  return nodeCrypto().createPublicKey(privateKey).export(spki).equals(certificate.publicKey.export(spki));
}

/** A wildcard matches exactly one label (RFC 6125 section 6.4.3). */
function matches(serverName: string): (name: string) => boolean {
  const parent = serverName.slice(serverName.indexOf(".") + 1);
  return (name) => name === serverName || (serverName.includes(".") && name === `*.${parent}`);
}

/** Subject alternative names; the common name only counts without them (RFC 6125 section 6.4.4). */
function namesOf(certificate: X509Certificate): string[] {
  const alternatives = (certificate.subjectAltName ?? "").split(", ").flatMap((entry) => {
    const [, name] = /^(?:DNS|IP Address):(.+)$/.exec(entry) ?? [];
    return name === undefined ? [] : [name.toLowerCase()];
  });
  if (alternatives.length > 0) return alternatives;
  const [, commonName] = /^CN=(.+)$/m.exec(certificate.subject) ?? [];
  return commonName === undefined ? [] : [commonName.toLowerCase()];
}
