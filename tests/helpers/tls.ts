/**
 * TLS for tests: one certificate and one endpoint for all of a test file, and the agent's side of a handshake.
 *
 * @module
 */

import * as x509 from "@peculiar/x509";
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";
import type { Connection } from "../../lib/net/connection.ts";
import { ConnectionStream } from "../../lib/tls/node/stream.ts";
import { fixedCertificates, type KeyPair } from "../../lib/tls/certificates.ts";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { createTlsEndpoint, type TlsEndpoint } from "../../lib/tls/tls.ts";

let certificate: Promise<KeyPair> | undefined;
let endpoint: Promise<TlsEndpoint> | undefined;

/** The server's certificate, for localhost. */
export function testCertificate(): Promise<KeyPair> {
  return certificate ??= createSelfSigned();
}

/** The server's end of TLS. It has no sockets of its own, so that nothing is left of it when a test ends. */
export function testEndpoint(): Promise<TlsEndpoint> {
  return endpoint ??= testCertificate().then((pair) => createTlsEndpoint(fixedCertificates(pair), { route: "socket" }));
}

/**
 * The agent's side of TLS on a plain connection, which is used up. Reading rejects at an end without close_notify.
 *
 * @throws {Error} when the server does not finish the handshake.
 */
export async function protect(connection: Connection): Promise<Deno.TlsConn> {
  return await protectTrusting([(await testCertificate()).certificate])(connection);
}

/** {@link protect} for an agent that trusts nothing but `caCerts`. */
export function protectTrusting(caCerts: string[]): (connection: Connection) => Promise<Deno.TlsConn> {
  return async (connection) => {
    if (!isTcp(connection)) throw new TypeError("Only a plain connection can be protected");
    // The handshake ends with two small writes: without this the second one waits 40 ms for the first one's
    // acknowledgement.
    connection.setNoDelay(true);
    const secured = await Deno.startTls(connection, { hostname: "localhost", caCerts });
    try {
      await secured.handshake();
      return secured;
    } catch (error) {
      secured.close();
      throw error;
    }
  };
}

function isTcp(connection: Connection): connection is Deno.TcpConn {
  return "setNoDelay" in connection;
}

/**
 * Sends `content` under TLS on a plain connection, and then ends TCP alone: no close_notify. Disposing closes the
 * connection.
 */
export async function sendAndCut(connection: Connection, content: string): Promise<Disposable> {
  const wire = new ConnectionStream(connection);
  wire.once("endOfInput", () => wire.push(null));
  // Any Duplex will do here (Node's documentation of `tls.connect`); the types say Socket only.
  const socket = wire as Duplex as Socket;
  const agent = connect({ socket, ca: (await testCertificate()).certificate, servername: "localhost" }).resume();
  await once(agent, "secureConnect");
  if (content !== "") await new Promise((resolve) => agent.write(content, resolve));
  await connection.closeWrite();
  return { [Symbol.dispose]: () => void agent.destroy() };
}

/** An agent that has ended its own direction of TLS and goes on reading, as RFC 8446 section 6.1 allows. */
export interface HalfClosedAgent extends Disposable {
  /** How many bytes come until the end. Nothing is read before this is called, but what the handshake came with. */
  readToEnd(): Promise<{ readonly bytes: number; readonly clean: boolean }>;
}

/**
 * Shakes hands on a plain connection and sends close_notify at once, without a FIN. Disposing closes the connection.
 *
 * @param ca the certificate to trust; that of the tests unless told.
 */
export async function protectAndSayGoodbye(connection: Connection, ca?: string): Promise<HalfClosedAgent> {
  const wire = new ConnectionStream(connection);
  const ended = Promise.withResolvers<void>();
  let [bytes, clean] = [0, false];
  // Any Duplex will do here (Node's documentation of `tls.connect`); the types say Socket only.
  const agent = connect({
    socket: wire as Duplex as Socket,
    ca: ca ?? (await testCertificate()).certificate,
    servername: "localhost",
  });
  agent.on("data", (chunk) => bytes += chunk.length);
  agent.on("end", () => clean = true).on("error", ended.resolve).on("close", ended.resolve);
  wire.once("endOfInput", () => setImmediate(ended.resolve));
  wire.on("error", ended.resolve);
  await once(agent, "secureConnect");
  wire.hold();
  await new Promise<void>((resolve) => void agent.end(resolve));
  return {
    readToEnd: async () => {
      wire.release();
      await ended.promise;
      return { bytes, clean };
    },
    [Symbol.dispose]: () => {
      agent.destroy();
      wire.destroy();
    },
  };
}

/** A self-signed certificate with its key for `name`, valid from and until any time. */
export async function certificateFor(
  name: string,
  validity: { readonly notBefore: Date; readonly notAfter: Date },
): Promise<{ readonly certificate: string; readonly privateKey: string }> {
  const signingAlgorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    keys,
    signingAlgorithm,
    name: [{ CN: [name] }],
    ...validity,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }])],
  });
  const privateKey = x509.PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");
  return { certificate: `${certificate.toString("pem")}\n`, privateKey: `${privateKey}\n` };
}
