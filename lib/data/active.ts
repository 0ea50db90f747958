/**
 * PORT and EPRT: the client listens, we connect. The command has already checked whether the address is allowed.
 *
 * @module
 */

import { connectTcp } from "../net/connect_tcp.ts";
import type { Connection, MakeConnection, SocketAddress } from "../net/connection.ts";
import { isLoopback, sameAddress } from "../net/ip.ts";
import { ConnectionWait } from "./connection_wait.ts";
import type { DataConnector, DialRequest } from "./connector.ts";

/** Connects when opened; does nothing before. */
export class ActiveConnector implements DataConnector {
  readonly kind = "active";
  readonly over = false;
  readonly #request: DialRequest;
  readonly #make: MakeConnection;
  readonly #wait = new ConnectionWait();

  /** @param make for sockets of the runtime. */
  constructor(request: DialRequest, make: MakeConnection) {
    this.#request = request;
    this.#make = make;
  }

  get port(): number {
    return this.#request.target.port;
  }

  open(signal: AbortSignal): Promise<Connection> {
    const abort = new AbortController();
    const { timeout } = this.#request;
    return this.#wait.run({ signal, timeout, connect: () => this.#connect(abort.signal), stop: () => abort.abort() });
  }

  close(): void {
    this.#wait.end();
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const { target, localAddress, localPort } = this.#request;
    if (localAddress === undefined || (localPort === undefined && isKernelsChoice(localAddress, target))) {
      return this.#make(await connectTcp({ ...target, autoSelectFamily: false }, signal));
    }
    const { connectFrom } = await import("./bound_connection.ts");
    return await connectFrom(target, { localAddress, localPort }, signal);
  }
}

/**
 * Whether the kernel chooses `source` by itself to reach `target`: only certain between the standard loopback
 * addresses. A host with several addresses may use another one than the client knows, and clients and firewalls that
 * compare the two refuse the connection.
 */
function isKernelsChoice(source: string, target: SocketAddress): boolean {
  const standard = sameAddress(source, "127.0.0.1") || sameAddress(source, "::1");
  return standard && isLoopback(target.hostname);
}
