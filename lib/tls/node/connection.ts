/**
 * A `TLSSocket` of `node:tls` as a {@link SecureConnection}: reads on demand instead of events, and a reliable end of
 * stream.
 *
 * @module
 */

import type { TLSSocket } from "node:tls";
import type { SocketAddress } from "../../net/connection.ts";
import { discard } from "./memory.ts";
import type { ConnectionStream } from "./stream.ts";
import type { SecureConnection, TlsVersion } from "../route.ts";

/** What a {@link SocketConnection} is made over. */
export interface SocketConnectionOptions {
  readonly wire: ConnectionStream;
  readonly localAddr: SocketAddress;
  readonly remoteAddr: SocketAddress;
  /**
   * Whether output after a handshake of TLS 1.3 waits for the first write: what a server sends then are tickets, what a
   * client sends then ends its handshake.
   *
   * @default true
   */
  readonly delaysTickets?: boolean;
}

/** The result of a handshake. */
type Terms = Pick<SecureConnection, "protocol" | "cipher" | "serverName">;

/** Bytes decrypted ahead of the reader before reading from the network pauses. */
const READ_AHEAD = 256 * 1024;

/**
 * A `TLSSocket` of `node:tls` as a {@link SecureConnection}. It must be created before the handshake ends, so that no
 * byte is missed.
 */
export class SocketConnection implements SecureConnection {
  readonly localAddr: SocketAddress;
  readonly remoteAddr: SocketAddress;
  /** The placeholder is never seen: a connection is returned after its handshake. */
  #terms: Terms = { protocol: "TLSv1.3", cipher: "", serverName: undefined };
  readonly tls: { version: TlsVersion; resumed: boolean; cleanClose: boolean | undefined } = {
    version: this.#terms.protocol,
    resumed: false,
    cleanClose: undefined,
  };
  readonly #socket: TLSSocket;
  readonly #wire: ConnectionStream;
  readonly #queue: Uint8Array[] = [];
  /** Bytes of the first chunk in the queue that have been read. */
  #taken = 0;
  /** Running writes. A destroyed socket never calls them back. */
  readonly #writes = new Set<(reason: Error) => void>();
  #queued = 0;
  #wake: (() => void) | undefined;
  readonly #gone = Promise.withResolvers<void>();
  /** As of {@link tls}, before the reader has come to the end. */
  #cleanClose: boolean | undefined;
  #failure: Error | undefined;

  constructor(socket: TLSSocket, options: SocketConnectionOptions) {
    const { wire, localAddr, remoteAddr, delaysTickets = true } = options;
    this.#socket = socket;
    this.#wire = wire;
    this.localAddr = localAddr;
    this.remoteAddr = remoteAddr;
    // Stored at once: the socket drops all of it when it closes.
    socket.once("secure", () => {
      this.#terms = readTerms(socket);
      this.tls.version = this.#terms.protocol;
      this.tls.resumed = socket.isSessionReused();
      // The tickets of TLS 1.3, which are sent now, wait for the first other output. An upload sends nothing before its
      // end, and a client that has sent and closed by then would answer tickets with a reset: what it sent but we have
      // not received would be lost (docs/tls.md).
      if (delaysTickets && this.#terms.protocol === "TLSv1.3") wire.beSilent();
    });
    socket.on("data", (chunk: Uint8Array) => this.#receive(chunk));
    socket.on("end", () => this.#end(true));
    socket.on("error", (error: Error) => this.#fail(error));
    // Errors after the handshake are only emitted under this name: `error` is held back until a `tls.Server` takes over
    // the socket.
    socket.on("_tlsError", (error: Error) => this.#fail(error));
    // Everything that arrived is decrypted by then, and an end of TLS is emitted within the same turn of the event
    // loop: if it is not, close_notify never arrived.
    wire.on("endOfInput", () => setImmediate(() => this.#end(false)));
    wire.once("endOfInput", () => this.#gone.resolve());
    wire.on("error", (error: Error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Deno.errors.BadResource("Connection is closed")));
  }

  get protocol(): TlsVersion {
    return this.#terms.protocol;
  }

  get cipher(): string {
    return this.#terms.cipher;
  }

  get serverName(): string | undefined {
    return this.#terms.serverName;
  }

  get peerGone(): Promise<void> {
    return this.#gone.promise;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#queue.length === 0) {
      if (this.#cleanClose !== undefined) {
        this.tls.cleanClose = this.#cleanClose;
        return null;
      }
      if (this.#failure !== undefined) throw this.#failure;
      await this.#more();
    }
    return this.#take(buffer);
  }

  write(data: Uint8Array): Promise<number> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#wire.speak();
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#writes.add(reject);
    this.#socket.write(data, (error) => {
      this.#writes.delete(reject);
      if (error) reject(error);
      else resolve(data.length);
    });
    return promise;
  }

  closeWrite(): Promise<void> {
    this.#wire.speak();
    // Ending the socket sends close_notify but leaves the connection open; the FIN after it is up to us.
    this.#socket.end(() => this.#wire.end());
    return this.#wire.flushed;
  }

  close(): void {
    this.#socket.destroy();
    this.#wire.destroy();
  }

  #more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    this.#wire.release();
    return promise;
  }

  #receive(chunk: Uint8Array): void {
    this.#queue.push(chunk);
    this.#queued += chunk.length;
    // The underlying connection pauses, not the socket: a paused TLSSocket of Deno 2.9 loses the end of the stream.
    if (this.#queued >= READ_AHEAD) this.#wire.hold();
    this.#notify();
  }

  #take(buffer: Uint8Array): number {
    let filled = 0;
    while (filled < buffer.length) {
      const chunk = this.#queue[0];
      if (chunk === undefined) break;
      const part = chunk.subarray(this.#taken, this.#taken + buffer.length - filled);
      buffer.set(part, filled);
      filled += part.length;
      this.#taken += part.length;
      if (this.#taken === chunk.length) this.#dropFirst(chunk);
    }
    this.#queued -= filled;
    return filled;
  }

  #dropFirst(chunk: Uint8Array): void {
    this.#queue.shift();
    this.#taken = 0;
    discard(chunk);
  }

  #end(clean: boolean): void {
    this.#cleanClose ??= clean;
    this.#notify();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#gone.resolve();
    // The alert that informs the peer.
    this.#wire.speak();
    for (const reject of this.#writes) reject(this.#failure);
    this.#writes.clear();
    this.#notify();
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function readTerms(socket: TLSSocket): Terms {
  // The types describe the client's side, where this member does not exist.
  const { servername } = socket as TLSSocket & { servername?: string | false | null };
  return {
    protocol: socket.getProtocol() === "TLSv1.2" ? "TLSv1.2" : "TLSv1.3",
    cipher: socket.getCipher()?.standardName ?? "unknown",
    serverName: servername ? servername.toLowerCase() : undefined,
  };
}
