/**
 * Which certificates of servers are trusted: our own decision, on the control connection and on each data connection.
 *
 * @module
 */

import { createHash, X509Certificate } from "node:crypto";
import { parseCertificates, reasonAgainstChain } from "./chain.ts";
import { ClientError } from "./errors.ts";

/** What people are shown of a certificate. */
export interface ServerCertificate {
  /** SHA-256 of the public key (SubjectPublicKeyInfo), in lower-case hex: it survives a renewal with the same key. */
  readonly pin: string;
  /** SHA-256 of the whole certificate, in lower-case hex. */
  readonly fingerprint: string;
  /** Whom it is for, one attribute a line. */
  readonly subject: string;
  /** Who has signed it, one attribute a line. */
  readonly issuer: string;
  /** The last day it is valid, as the certificate has it. */
  readonly validTo: string;
  /** Names and addresses it is for. */
  readonly names: readonly string[];
}

/** The options that decide. Without any, only a chain to a root that the system trusts, for the name asked for. */
export interface TrustOptions {
  /** Certificates of authorities in PEM form, which replace those of the system. */
  readonly ca?: readonly string[];
  /**
   * The only public keys that are trusted, whatever the chain says, as {@link ServerCertificate.pin}. Colons and case
   * are ignored.
   */
  readonly pins?: readonly string[];
  /**
   * Trusts every certificate: anybody on the way can read and change everything.
   *
   * @default false
   */
  readonly insecure?: boolean;
  /** Asked once about a certificate that nothing else trusts. Resolves to whether it is trusted from now on. */
  readonly ask?: (certificate: ServerCertificate, reason: string) => Promise<boolean>;
}

/** The result of a handshake, as far as trust depends on it. */
export interface Presented {
  /** The server's certificate in DER form, and those that it sent to complete the chain. */
  readonly chain: readonly Uint8Array[];
  /** Why the system does not trust the chain; `undefined` if it does. */
  readonly chainError: string | undefined;
  /**
   * Whether an earlier session goes on. The runtime reports every chain as trusted then, so only a key that was trusted
   * before is.
   */
  readonly resumed: boolean;
}

/** The decisions of one client. It remembers the keys it has trusted. */
export class Trust {
  readonly #options: TrustOptions;
  readonly #trusted: Set<string>;
  readonly #authorities: readonly X509Certificate[] | undefined;

  constructor(options: TrustOptions = {}) {
    this.#options = options;
    this.#authorities = options.ca?.flatMap(parseCertificates);
    this.#trusted = new Set(options.pins?.map((pin) => pin.replaceAll(":", "").toLowerCase()));
  }

  /**
   * Resolves if the peer may be talked to.
   *
   * @param host the name or address that the certificate must be for.
   * @throws {ClientError} `untrusted`.
   */
  async check(presented: Presented, host: string): Promise<void> {
    if (this.#options.insecure) return;
    const chain = presented.chain.map((certificate) => new X509Certificate(certificate));
    const [certificate] = chain;
    if (!certificate) throw new ClientError("untrusted", "The server showed no certificate");
    const shown = describe(certificate);
    if (this.#trusted.has(shown.pin)) return;
    const reason = this.#reasonAgainst(chain, presented, host);
    if (reason === undefined || await this.#options.ask?.(shown, reason)) {
      this.#trusted.add(shown.pin);
      return;
    }
    throw new ClientError(
      "untrusted",
      `The certificate of the server is not trusted: ${reason}. Its key has the SHA-256 ${shown.pin}`,
    );
  }

  #reasonAgainst(chain: X509Certificate[], { chainError, resumed }: Presented, host: string): string | undefined {
    if (this.#options.pins && this.#options.pins.length > 0) return "its key is not the one that is expected";
    if (resumed) return "it is of a resumed session, with a key that was not seen before";
    return this.#authorities ? reasonAgainstChain(chain, this.#authorities, host, Date.now()) : chainError;
  }
}

/** What people are shown of a certificate in DER form. @throws if it cannot be parsed. */
export function describeCertificate(der: Uint8Array): ServerCertificate {
  return describe(new X509Certificate(der));
}

function describe(parsed: X509Certificate): ServerCertificate {
  return {
    pin: sha256(parsed.publicKey.export({ type: "spki", format: "der" })),
    fingerprint: sha256(parsed.raw),
    subject: parsed.subject,
    issuer: parsed.issuer,
    validTo: parsed.validTo,
    names: parsed.subjectAltName?.split(", ") ?? [],
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
