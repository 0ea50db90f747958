/**
 * TLS from the client's side, over `node:tls`: `Deno.startTls` cannot resume a session, which many servers demand of a
 * data connection.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { closeQuietly, type Connection } from "../net/connection.ts";
import { SocketConnection } from "../tls/node/connection.ts";
import { asSocket, ConnectionStream } from "../tls/node/stream.ts";
import { messageOf } from "../net/message_of.ts";
import { DEFAULT_TLS_VERSION, type SecureConnection, TlsError, type TlsVersion, withinLimits } from "../tls/route.ts";
import { ClientError } from "./errors.ts";
import type { Presented, Trust } from "./trust.ts";

/** The options of {@link ClientTls}. */
export interface ClientTlsOptions {
  /** The name or address the user gave: what the certificate must be for, and the SNI if it is a name. */
  readonly host: string;
  readonly trust: Trust;
  /** The oldest version of the protocol. Default: TLS 1.2. */
  readonly minVersion?: TlsVersion | undefined;
  /** The latest version of the protocol. */
  readonly maxVersion?: TlsVersion | undefined;
  /** Milliseconds for one handshake; 0: no limit. */
  readonly timeout: number;
}

/**
 * Whose session the runtime keeps for a name: it keeps one a name in each thread, that of the latest handshake, and
 * hosts without a name have one together.
 */
const keepers = new Map<string, ClientTls>();

/** Makes the connections of one client secure. Data connections resume the session of the control connection. */
export class ClientTls {
  readonly #options: ClientTlsOptions;
  /** Only of connections that were trusted. */
  #session: Buffer | undefined;

  /** In the SNI; empty for an address. */
  readonly #name: string;

  constructor(options: ClientTlsOptions) {
    this.#options = options;
    this.#name = isIP(options.host) === 0 ? options.host.toLowerCase() : "";
  }

  /**
   * Whether a data connection would offer the session of another client, because that was the latest to shake hands
   * with this host. A server that demands the session of the control connection refuses it.
   */
  get offersOther(): boolean {
    return keepers.get(this.#name) !== this;
  }

  /**
   * Resolves after the handshake, and only if the certificate is trusted. Closes `connection` otherwise.
   *
   * @throws {ClientError} `untrusted`, `timeout`, `closed`, or `protocol` if the peer does not speak TLS.
   */
  async secure(connection: Connection, signal?: AbortSignal): Promise<SecureConnection> {
    requireRuntime(connection);
    const { host, timeout, trust, minVersion = DEFAULT_TLS_VERSION, maxVersion } = this.#options;
    const wire = new ConnectionStream(connection);
    const socket = connect({
      socket: asSocket(wire),
      host,
      ...(this.#name !== "" && { servername: this.#name }),
      minVersion,
      ...(maxVersion && { maxVersion }),
      ...(this.#session && { session: this.#session }),
      // The decision is ours, after the handshake and before a byte is sent. Authorities of the user are not given
      // here: with them Deno 2.9 resumes no session.
      rejectUnauthorized: false,
    });
    const { localAddr, remoteAddr } = connection;
    const secured = new SocketConnection(socket, { wire, localAddr, remoteAddr, delaysTickets: false });
    try {
      const limits = { handshakeTimeout: timeout, ...(signal && { signal }) };
      await withinLimits(untilSecure(socket, wire), limits, () => {});
      // Outside the limit: a person may be asked.
      await trust.check(presentedBy(socket), host);
    } catch (error) {
      secured.close();
      throw signal?.aborted ? signal.reason : asClientError(error);
    }
    keepers.set(this.#name, this);
    // With TLS 1.3 tickets come later, and each is good for one connection.
    this.#session = socket.getSession() ?? this.#session;
    socket.on("session", (session: Buffer) => this.#session = session);
    return secured;
  }
}

/**
 * `node:tls` over a stream shows no certificate before Deno 2.9, and ends the process with an error of its own: what
 * cannot be checked is not talked to.
 *
 * @throws {ClientError} `untrusted`.
 */
function requireRuntime(connection: Connection): void {
  const [major = 0, minor = 0] = Deno.version.deno.split(".").map(Number);
  if (major > 2 || (major === 2 && minor >= 9)) return;
  closeQuietly(connection);
  throw new ClientError(
    "untrusted",
    `TLS is not possible: this program was built on Deno ${Deno.version.deno}, which cannot show the certificate of a ` +
      "server. Use one built on Deno 2.9 or later",
  );
}

function presentedBy(socket: TLSSocket): Presented {
  return {
    chain: chainOf(socket),
    chainError: socket.authorized ? undefined : reasonOf(socket.authorizationError),
    resumed: socket.isSessionReused(),
  };
}

/** The server's certificate, and those that it sent with it, in DER form. */
function chainOf(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  const seen = new Set<unknown>();
  type Link = { readonly raw?: Uint8Array; readonly issuerCertificate?: Link };
  let link: Link | undefined = socket.getPeerCertificate(true);
  while (link?.raw && !seen.has(link)) {
    seen.add(link);
    chain.push(link.raw);
    link = link.issuerCertificate;
  }
  return chain;
}

async function untilSecure(socket: TLSSocket, wire: ConnectionStream): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const closed = (): void => reject(new TlsError("closed", "The server closed the connection in the TLS handshake"));
  // An error without a code comes from the connection (reset, closed); TLS errors have codes.
  const failed = (error: Error & { code?: unknown }): void =>
    error.code === undefined ? closed() : reject(new TlsError("protocol", messageOf(error), { cause: error }));
  socket.once("secureConnect", resolve).once("error", failed).once("close", closed);
  wire.once("endOfInput", closed);
  try {
    await promise;
  } finally {
    socket.off("secureConnect", resolve).off("error", failed).off("close", closed);
    wire.off("endOfInput", closed);
  }
}

/** The codes of OpenSSL in words; others as they are. */
const REASONS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its chain ends at an authority that is not known here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its issuer is not known here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its issuer is not known here",
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet",
  ERR_TLS_CERT_ALTNAME_INVALID: "it is for another name",
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code ?? error.message : error;
  return REASONS[String(code)] ?? String(code);
}

function asClientError(error: unknown): unknown {
  if (!(error instanceof TlsError)) return error;
  const kind = error.reason === "timeout" || error.reason === "closed" ? error.reason : "protocol";
  return new ClientError(kind, `TLS handshake failed: ${messageOf(error)}`, { cause: error });
}
