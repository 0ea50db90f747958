/**
 * Connections from a given source address. `Deno.connect` cannot bind; `node:net` can, but is slower, so it is only
 * used if the address matters.
 *
 * @module
 */

import { connect, type Socket } from "node:net";
import type { Connection, SocketAddress } from "../net/connection.ts";

/** The source of a connection. */
export interface SourceAddress {
  readonly localAddress: string;
  /** Default: any free one. */
  readonly localPort?: number | undefined;
}

/** Connects to `target` from `source`. An abort of `signal` rejects. */
export function connectFrom(target: SocketAddress, source: SourceAddress, signal: AbortSignal): Promise<Connection> {
  const { promise, resolve, reject } = Promise.withResolvers<Connection>();
  const socket = connect({
    host: target.hostname,
    port: target.port,
    localAddress: source.localAddress,
    ...(source.localPort !== undefined && { localPort: source.localPort }),
    allowHalfOpen: true,
  });
  const onAbort = () => void socket.destroy(new Deno.errors.Interrupted("Connecting was aborted"));
  const settle = () => {
    signal.removeEventListener("abort", onAbort);
    socket.off("error", onError);
  };
  const onError = (error: Error) => {
    settle();
    reject(error);
  };
  socket.once("error", onError);
  socket.once("connect", () => {
    settle();
    resolve(new BoundConnection(socket, target, source.localAddress));
  });
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) onAbort();
  return promise;
}

/** A connected socket of `node:net` that is read on demand instead of by events. */
class BoundConnection implements Connection {
  readonly localAddr: SocketAddress;
  readonly remoteAddr: SocketAddress;
  readonly #socket: Socket;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: Socket, target: SocketAddress, localAddress: string) {
    this.#socket = socket;
    this.localAddr = { hostname: localAddress, port: socket.localPort ?? 0 };
    this.remoteAddr = target;
    const wake = () => this.#wake?.();
    socket.on("readable", wake).on("end", wake);
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Deno.errors.BadResource("Connection is closed")));
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    for (;;) {
      const count = Math.min(this.#socket.readableLength, buffer.length);
      const chunk: Uint8Array | null = this.#socket.read(count > 0 ? count : undefined);
      if (chunk) {
        buffer.set(chunk);
        return chunk.length;
      }
      if (this.#socket.readableEnded) return null;
      if (this.#failure) throw this.#failure;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(data: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#socket.write(data, (error) => error ? reject(error) : resolve(data.length));
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(() => resolve()));
  }

  close(): void {
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }
}
