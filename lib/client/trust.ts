/**
 * Which certificates of servers are trusted: our own decision, on the control connection and on each data connection.
 *
 * @module
 */

import { createHash, X509Certificate } from "node:crypto";
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
  /** The certificate in DER form. */
  readonly certificate: Uint8Array | undefined;
  /** Why the chain is not trusted; `undefined` if it is. */
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

  constructor(options: TrustOptions = {}) {
    this.#options = options;
    this.#trusted = new Set(options.pins?.map((pin) => pin.replaceAll(":", "").toLowerCase()));
  }

  /** Authorities for the handshake; `undefined`: those of the system. */
  get ca(): readonly string[] | undefined {
    return this.#options.ca;
  }

  /**
   * Resolves if the peer may be talked to.
   *
   * @throws {ClientError} `untrusted`.
   */
  async check({ certificate, chainError, resumed }: Presented): Promise<void> {
    if (this.#options.insecure) return;
    if (!certificate) throw new ClientError("untrusted", "The server showed no certificate");
    const shown = describe(certificate);
    if (this.#trusted.has(shown.pin)) return;
    const reason = this.#reasonAgainst(chainError, resumed);
    if (reason === undefined || await this.#options.ask?.(shown, reason)) {
      this.#trusted.add(shown.pin);
      return;
    }
    throw new ClientError(
      "untrusted",
      `The certificate of the server is not trusted: ${reason}. Its key has the SHA-256 ${shown.pin}`,
    );
  }

  #reasonAgainst(chainError: string | undefined, resumed: boolean): string | undefined {
    if (this.#options.pins && this.#options.pins.length > 0) return "its key is not the one that is expected";
    return resumed ? "it is of a resumed session, with a key that was not seen before" : chainError;
  }
}

/** Reads a certificate in DER form. */
function describe(certificate: Uint8Array): ServerCertificate {
  const parsed = new X509Certificate(certificate);
  return {
    pin: sha256(parsed.publicKey.export({ type: "spki", format: "der" })),
    fingerprint: sha256(certificate),
    subject: parsed.subject,
    issuer: parsed.issuer,
    validTo: parsed.validTo,
    names: parsed.subjectAltName?.split(", ") ?? [],
  };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
