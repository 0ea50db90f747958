/**
 * The chain of a server's certificate to authorities that the user has named. The runtime can check that itself, but
 * does not resume a session then, which many servers demand of data connections.
 *
 * @module
 */

import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";

/** Certificates between the server's and the authority's, at most. */
const LONGEST_CHAIN = 8;

/**
 * Why `chain` does not lead to one of `authorities`; `undefined` if it does. Names, validity, signatures and the right
 * to sign are checked; what an authority may limit besides (names, uses of a key) is not, and neither is revocation:
 * these authorities were named one by one.
 *
 * @param chain the server's certificate, and what it sent to complete the chain.
 * @param host the name or address that the certificate must be for.
 * @param now milliseconds since 1970.
 */
export function reasonAgainstChain(
  chain: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  host: string,
  now: number,
): string | undefined {
  let [current] = chain;
  if (!current) return "there is none";
  const isForHost = isIP(host) === 0 ? current.checkHost(host) : current.checkIP(host);
  if (isForHost === undefined) return "it is for another name";
  for (let length = 0; length < LONGEST_CHAIN; length++) {
    const certificate: X509Certificate = current;
    const lapse = reasonAgainstDates(certificate, now);
    if (lapse !== undefined) return lapse;
    if (authorities.some((authority) => authority.raw.equals(certificate.raw))) return undefined;
    const issuer: X509Certificate | undefined = [...authorities, ...chain].find((candidate) =>
      hasIssued(candidate, certificate)
    );
    if (!issuer || issuer === certificate) break;
    current = issuer;
  }
  return "no authority that is trusted here has signed it";
}

/** The certificates of a text in PEM form. */
export function parseCertificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

function hasIssued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function reasonAgainstDates({ validFrom, validTo }: X509Certificate, now: number): string | undefined {
  if (now < Date.parse(validFrom)) return "it is not valid yet";
  return now > Date.parse(validTo) ? "it has expired" : undefined;
}
