/**
 * PASV and EPSV by the C library: the client's connection is taken from the queue of the system when its transfer
 * begins, where it nearly always is by then.
 *
 * @module
 */

import type { Connection, SocketAddress } from "../net/connection.ts";
import { sameAddress } from "../net/ip.ts";
import { ConnectionWait } from "../data/connection_wait.ts";
import {
  DataConnectionError,
  type DataConnector,
  type ListenRequest,
  type PassiveConnector,
  type PassiveEnd,
} from "../data/connector.ts";
import { type SharedTimer, SharedTimers } from "../data/shared_timers.ts";
import { SOCK_CLOEXEC, SOCK_NONBLOCK } from "./libc.ts";
import { isTooEarly, NativeConnection, type NativeSockets } from "./native_connection.ts";
import { lastError } from "./system_error.ts";

/** A socket that listens. */
export interface NativeListening {
  readonly socket: number;
  readonly port: number;
}

/** What makes a {@link NativeListener}. */
export interface NativeListenerParts {
  readonly sockets: NativeSockets;
  /** Listens in its place. */
  readonly listen: (request: ListenRequest) => DataConnector | Promise<DataConnector>;
}

/** One port, for one connection. */
export class NativeListener implements PassiveConnector {
  readonly kind = "passive";
  readonly port: number;
  readonly #request: ListenRequest;
  readonly #sockets: NativeSockets;
  readonly #socket: number;
  readonly #listen: NativeListenerParts["listen"];
  readonly #wait = new ConnectionWait();
  readonly #timer: SharedTimer | undefined;
  /** The client's connection, until it is returned. */
  #connection: Connection | undefined;
  #listening = true;
  #over = false;

  constructor(request: ListenRequest, { sockets, listen }: NativeListenerParts, { socket, port }: NativeListening) {
    this.#request = request;
    this.#sockets = sockets;
    this.#listen = listen;
    this.#socket = socket;
    this.port = port;
    const { range, peer, timeout, timers = new SharedTimers() } = request;
    range?.unused.add(this, peer);
    if (timeout > 0) this.#timer = timers.start(timeout, () => this.#giveBack("expired"));
  }

  hasClient(): boolean {
    try {
      return !this.#over && this.#accept() !== undefined;
    } catch {
      // The open fails for the same reason, and says so.
      return false;
    }
  }

  get over(): boolean {
    return this.#over;
  }

  async open(signal: AbortSignal): Promise<Connection> {
    this.#timer?.end();
    if (!signal.aborted) {
      if (this.#over) throw new DataConnectionError("failed", "The data connector has already been used");
      const connection = this.#accept();
      if (connection) return this.#handOut(connection);
    }
    const { timeout } = this.#request;
    const stop = () => this.#giveBack("closed");
    try {
      return this.#handOut(await this.#wait.run({ signal, timeout, connect: () => this.#next(), stop }));
    } finally {
      stop();
    }
  }

  close(): void {
    if (this.#over) return;
    this.#wait.end();
    this.#giveBack("closed");
  }

  replace(request: ListenRequest): DataConnector | Promise<DataConnector> {
    this.close();
    return this.#listen(request);
  }

  #handOut(connection: Connection): Connection {
    this.#connection = undefined;
    this.#over = true;
    return connection;
  }

  #giveBack(end: PassiveEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#connection?.close();
    if (this.#listening) this.#stopListening(end);
  }

  #stopListening(end: PassiveEnd): void {
    this.#listening = false;
    this.#timer?.end();
    this.#sockets.waits.forget(this.#socket);
    this.#sockets.libc.close(this.#socket);
    const { range, onEnd } = this.#request;
    range?.unused.delete(this);
    range?.release(this.port);
    onEnd?.(end);
  }

  async #next(): Promise<Connection> {
    for (;;) {
      const connection = this.#accept();
      if (connection) return connection;
      await this.#sockets.waits.wait(this.#socket, "read");
    }
  }

  /** The first connection from an allowed address that waits; `undefined` if there is none. */
  #accept(): Connection | undefined {
    const { peer, allowForeignPeer, onStranger, onReset = () => this.#wait.hurry() } = this.#request;
    const { libc } = this.#sockets;
    while (!this.#connection) {
      if (!this.#listening) throw new Deno.errors.BadResource("The passive port is closed");
      size[0] = address.length;
      const socket = libc.accept4(this.#socket, address, size, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (socket < 0) {
        if (isTooEarly(libc)) return undefined;
        const cause = lastError(libc, "accept a connection");
        if (cause.code !== "ECONNABORTED") {
          throw new DataConnectionError("failed", "Cannot open the data connection", { cause });
        }
        onReset();
        continue;
      }
      const remoteAddr = addressed();
      if (!allowForeignPeer && !sameAddress(remoteAddr.hostname, peer)) {
        libc.close(socket);
        onStranger?.(remoteAddr.hostname);
        continue;
      }
      const { session } = this.#request;
      const made = new NativeConnection(this.#sockets, socket, { session, localAddr: this.#endOf(socket), remoteAddr });
      this.#connection = this.#request.arrived?.(made) ?? made;
      this.#stopListening("connected");
    }
    return this.#connection;
  }

  /** Our end of a connection: the port may be that of all addresses of this host. */
  #endOf(socket: number): SocketAddress {
    const { hostname } = this.#request;
    if (hostname !== EVERY_ADDRESS) return { hostname, port: this.port };
    size[0] = address.length;
    this.#sockets.libc.getsockname(socket, address, size);
    return addressed();
  }
}

const EVERY_ADDRESS = "0.0.0.0";

/** A `struct sockaddr_in`, for one call at a time, and its size. */
const address = new Uint8Array(16);
const size = new Uint32Array(1);

/** What is in it. */
function addressed(): SocketAddress {
  const [, , high = 0, low = 0, a, b, c, d] = address;
  return { hostname: `${a}.${b}.${c}.${d}`, port: high * 256 + low };
}
