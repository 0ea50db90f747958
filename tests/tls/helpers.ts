// Both ends of a loopback connection and what the TLS tests do with them.

import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import type { Socket } from "node:net";
import { ConnectionStream } from "../../lib/tls/node/stream.ts";
import type { Connection } from "../../lib/net/connection.ts";
import { fixedCertificates, type KeyPair } from "../../lib/tls/certificates.ts";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { createTlsEndpoint, type TlsEndpoint, type TlsEndpointOptions } from "../../lib/tls/tls.ts";

/** One pair for all tests of a file: making one takes a moment. */
export const selfSigned: KeyPair = await createSelfSigned({ names: ["ftp.example"] });

export const ROUTES = ["socket", "relay"] as const;

export function endpoint(options: TlsEndpointOptions, ...pairs: KeyPair[]): Promise<TlsEndpoint> {
  return createTlsEndpoint(fixedCertificates(...(pairs.length > 0 ? pairs : [selfSigned])), options);
}

/** A connected pair of plain sockets. */
export async function loopback(): Promise<{ client: Deno.TcpConn; server: Deno.TcpConn }> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [client, server] = await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    listener.accept(),
  ]);
  return { client, server };
}

/** The client's side of TLS, trusting the test certificate. */
export function startTls(client: Deno.TcpConn, caCerts: string[] = [selfSigned.certificate]): Promise<Deno.TlsConn> {
  return Deno.startTls(client, { hostname: "localhost", caCerts });
}

/** A `node:tls` client, which shows and takes sessions, on a plain connection. */
export function nodeClient(client: Deno.TcpConn, options: ConnectionOptions = {}): TLSSocket {
  const wire = new ConnectionStream(client);
  wire.once("endOfInput", () => wire.push(null));
  return connect({
    // Any Duplex will do here; the types of this option are too narrow in some versions.
    socket: wire as unknown as Socket,
    ca: selfSigned.certificate,
    servername: "localhost",
    ...options,
  });
}

/** A genuine ClientHello, which nobody is going to follow up. */
export async function captureClientHello(): Promise<Uint8Array> {
  const { client, server } = await loopback();
  const peer = await startTls(client);
  const handshake = peer.handshake().catch(() => {});
  const buffer = new Uint8Array(16_384);
  const count = await server.read(buffer);
  server.close();
  await handshake;
  peer.close();
  return buffer.slice(0, count ?? 0);
}

/** Reads to the end. */
export async function readAll(connection: Pick<Connection, "read">): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const buffer = new Uint8Array(65_536);
  for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
    chunks.push(buffer.slice(0, count));
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

/** Reads exactly `length` bytes as text. */
export async function readText(connection: Pick<Connection, "read">, length: number): Promise<string> {
  const buffer = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const count = await connection.read(buffer.subarray(filled));
    if (count === null) throw new Error("Connection ended early");
    filled += count;
  }
  return new TextDecoder().decode(buffer);
}

export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes without a period that a lost or doubled piece could hide in. */
export function payload(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0, state = 1; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

export async function sha256(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource)).toHex();
}
