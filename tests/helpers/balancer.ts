/**
 * A load balancer for tests: what arrives at one address is passed on to the same port of another, after a PROXY
 * header.
 *
 * @module
 */

import { connectFrom } from "../../lib/data/bound_connection.ts";
import { closeQuietly, type Connection, type SocketAddress, writeAll } from "../../lib/net/connection.ts";
import { parseIp } from "../../lib/net/ip.ts";

/** Where the balancer listens, and where it connects from; the server is at 127.0.0.1. */
export const BALANCER = "127.0.0.9";

/** What is in the headers, unless a test gives bytes of its own. */
export interface Ends {
  readonly source: SocketAddress;
  readonly destination: SocketAddress;
}

const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";

/** A header of version 1. */
export function lineHeader({ source, destination }: Ends): Uint8Array<ArrayBuffer> {
  const family = source.hostname.includes(":") ? 6 : 4;
  const addresses = `${source.hostname} ${destination.hostname} ${source.port} ${destination.port}`;
  return new TextEncoder().encode(`PROXY TCP${family} ${addresses}\r\n`);
}

/** A header of version 2; `extra` are the bytes that follow the addresses. */
export function binaryHeader(
  { source, destination }: Ends,
  extra: Uint8Array = new Uint8Array(),
): Uint8Array<ArrayBuffer> {
  const [from, to] = [source, destination].map(({ hostname }) => parseIp(hostname) ?? new Uint8Array());
  const ports = [source, destination].flatMap(({ port }) => [port >> 8, port & 255]);
  const addresses = Uint8Array.of(...from ?? [], ...to ?? [], ...ports, ...extra);
  const family = from?.length === 4 ? 0x11 : 0x21;
  return Uint8Array.of(...signature, 0x21, family, addresses.length >> 8, addresses.length & 255, ...addresses);
}

const signature = new TextEncoder().encode(SIGNATURE);

/** A header of version 2 for a connection of the balancer itself. */
export const LOCAL_HEADER: Uint8Array<ArrayBuffer> = Uint8Array.of(...signature, 0x20, 0, 0, 0);

/** Passes connections on until it is disposed. */
export class Balancer implements AsyncDisposable {
  readonly #header: (ends: Ends) => Uint8Array;
  readonly #listeners: Deno.TcpListener[] = [];
  readonly #sockets = new Set<Connection>();
  readonly #running: Promise<unknown>[] = [];

  /** @param header of each connection, whose client is `source`. */
  constructor(header: (ends: Ends) => Uint8Array) {
    this.#header = header;
  }

  /** Listens on `ports`. */
  pass(...ports: readonly number[]): void {
    for (const port of ports) {
      const listener = Deno.listen({ hostname: BALANCER, port });
      this.#listeners.push(listener);
      this.#running.push(this.#accept(listener, port));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    for (const socket of this.#sockets) closeQuietly(socket);
    await Promise.all(this.#running);
  }

  async #accept(listener: Deno.TcpListener, port: number): Promise<void> {
    for (;;) {
      const client = await listener.accept().catch(() => undefined);
      if (!client) return;
      this.#running.push(this.#join(client, port));
    }
  }

  async #join(client: Deno.TcpConn, port: number): Promise<void> {
    this.#sockets.add(client);
    const server = await fromBalancer(port).catch(() => undefined);
    if (!server) return closeQuietly(client);
    this.#sockets.add(server);
    const ends = { source: client.remoteAddr, destination: { hostname: BALANCER, port } };
    await writeAll(server, this.#header(ends)).catch(() => {});
    await Promise.all([copy(client, server), copy(server, client)]);
    for (const socket of [client, server]) closeQuietly(socket);
  }
}

/** A connection of the balancer to the server, without a header as yet. */
export function fromBalancer(port: number): Promise<Connection> {
  return connectFrom({ hostname: "127.0.0.1", port }, { localAddress: BALANCER }, new AbortController().signal);
}

async function copy(from: Connection, to: Connection): Promise<void> {
  const buffer = new Uint8Array(65536);
  try {
    for (let count; (count = await from.read(buffer)) !== null;) await writeAll(to, buffer.subarray(0, count));
    await to.closeWrite();
  } catch {
    closeQuietly(from);
    closeQuietly(to);
  }
}
