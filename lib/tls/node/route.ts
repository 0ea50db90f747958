/**
 * TLS by `node:tls` directly on the connection. Runtimes without denoland/deno#33303 never finish such a handshake,
 * which {@link probeSocketRoute} finds out.
 *
 * @module
 */

import { duplexPair } from "node:stream";
import { connect, createSecureContext, type SecureContext, TLSSocket, type TLSSocketOptions } from "node:tls";
import { messageOf } from "../../net/message_of.ts";
import type { Connection } from "../../net/connection.ts";
import type { CertificateSource, KeyPair } from "../certificates.ts";
import { keepHeapEnd } from "./memory.ts";
import { asSocket, ConnectionStream } from "./stream.ts";
import { type SecureConnection, type SecureOptions, TlsError, type TlsRoute } from "../route.ts";
import { type TlsVersion, withinLimits } from "../route.ts";
import { SocketConnection } from "./connection.ts";

/** A handshake in memory takes one turn of the event loop if it works, and never ends if it does not. */
const PROBE_TURNS = 50;

/** The route with full access: resumption, versions, and all of it with one socket per connection. */
export class SocketRoute implements TlsRoute {
  readonly #certificates: CertificateSource;
  readonly #minVersion: TlsVersion;
  readonly #contexts = new WeakMap<KeyPair, SecureContext>();

  constructor(certificates: CertificateSource, minVersion: TlsVersion) {
    this.#certificates = certificates;
    this.#minVersion = minVersion;
    keepHeapEnd();
  }

  async secure(connection: Connection, options: SecureOptions): Promise<SecureConnection> {
    const wire = new ConnectionStream(connection);
    return await withinLimits(this.#handshake(connection, wire), options, () => wire.destroy());
  }

  [Symbol.dispose](): void {
    // Contexts are only memory; connections belong to their users.
  }

  async #handshake({ localAddr, remoteAddr }: Connection, wire: ConnectionStream): Promise<SecureConnection> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const closed = (): void => reject(new TlsError("closed", "Peer closed the connection during the TLS handshake"));
    // An error without a code comes from the connection (reset, closed); TLS errors have codes.
    const failed = (error: Error & { code?: unknown }): void =>
      String(error.code).startsWith("ERR_SSL")
        ? reject(new TlsError("protocol", `TLS handshake failed: ${messageOf(error)}`, { cause: error }))
        : closed();
    const socket = new TLSSocket(asSocket(wire), this.#socketOptions());
    const secured = new SocketConnection(socket, { wire, localAddr, remoteAddr });
    socket.once("secure", resolve).once("error", failed).once("close", closed);
    wire.once("endOfInput", closed);
    await promise;
    socket.off("error", failed).off("close", closed);
    wire.off("endOfInput", closed);
    return secured;
  }

  #socketOptions(): TLSSocketOptions {
    const secureContext = this.#context(this.#certificates.select(undefined));
    if (this.#certificates.pairs.length === 1) return { isServer: true, secureContext };
    return {
      isServer: true,
      secureContext,
      SNICallback: (name, done) => done(null, this.#context(this.#certificates.select(name.toLowerCase()))),
    };
  }

  /** One context per pair: parsing keys is the most expensive part of a handshake. */
  #context(pair: KeyPair): SecureContext {
    let context = this.#contexts.get(pair);
    if (context === undefined) {
      context = createSecureContext({ cert: pair.certificate, key: pair.privateKey, minVersion: this.#minVersion });
      this.#contexts.set(pair, context);
    }
    return context;
  }
}

/** Whether this runtime supports server-side TLS over a stream: tries a handshake with itself, in memory. */
export async function probeSocketRoute(pair: KeyPair): Promise<boolean> {
  const [near, far] = duplexPair();
  const secureContext = createSecureContext({ cert: pair.certificate, key: pair.privateKey });
  const server = new TLSSocket(asSocket(near), { isServer: true, secureContext });
  // No TLS 1.3: its tickets would stay in the runtime, under the empty name that all hosts without a name share, and a
  // later client of this process would offer one of them instead of its own session of TLS 1.2.
  const client = connect({ socket: far, rejectUnauthorized: false, maxVersion: "TLSv1.2" });
  let done = false;
  server.once("secure", () => done = true);
  // Only the outcome counts, and an error means "no".
  for (const side of [server, client]) side.on("error", () => {});
  for (let turn = 0; !done && turn < PROBE_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
  for (const side of [server, client]) side.destroy();
  return done;
}
