/**
 * PORT and EPRT: the client listens, we connect. The command has already checked whether the address is allowed.
 *
 * @module
 */

import type { Connection, SocketAddress } from "../net/connection.ts";
import { isLoopback, sameAddress } from "../net/ip.ts";
import { markPlain } from "../net/plain_sockets.ts";
import { connectFrom } from "./bound_connection.ts";
import { ConnectionWait } from "./connection_wait.ts";
import type { DataConnector } from "./connector.ts";

/** The options of an active connector. */
export interface ActiveOptions {
  /** Milliseconds from {@link DataConnector.open} to a connection; 0: no limit. */
  readonly timeout: number;
  /**
   * The source address: the address of the control connection that the client sees (RFC 1123 section 4.1.2.12). Absent:
   * chosen by the kernel.
   */
  readonly localAddress?: string | undefined;
  /**
   * Source port, 20 by tradition (RFC 959 section 3.2); needs `localAddress`, and privileges below 1024. Default: any.
   */
  readonly localPort?: number | undefined;
}

/** Connects to `target` when opened; does nothing before. */
export function connectActive(target: SocketAddress, options: ActiveOptions): DataConnector {
  return new ActiveConnector(target, options);
}

class ActiveConnector implements DataConnector {
  readonly kind = "active";
  readonly over = false;
  readonly #target: SocketAddress;
  readonly #options: ActiveOptions;
  readonly #wait = new ConnectionWait();

  constructor(target: SocketAddress, options: ActiveOptions) {
    this.#target = target;
    this.#options = options;
  }

  get port(): number {
    return this.#target.port;
  }

  open(signal: AbortSignal): Promise<Connection> {
    const abort = new AbortController();
    const { timeout } = this.#options;
    return this.#wait.run({ signal, timeout, connect: () => this.#connect(abort.signal), stop: () => abort.abort() });
  }

  close(): void {
    this.#wait.end();
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const { localAddress, localPort } = this.#options;
    if (localAddress === undefined || (localPort === undefined && isKernelsChoice(localAddress, this.#target))) {
      return markPlain(await Deno.connect({ ...this.#target, signal, autoSelectFamily: false }));
    }
    return await connectFrom(this.#target, { localAddress, localPort }, signal);
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
