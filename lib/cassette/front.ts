/**
 * Listens where a server would, and has each client answered by a {@link Backend}.
 *
 * @module
 */

import { closeQuietly, isGoneBeforeAccept, SocketConnection, writeAll } from "../net/connection.ts";
import type { Backend } from "./backend.ts";
import { FrontSession, type FrontSessionOptions } from "./front_session.ts";

/** Most clients at a time. */
const MOST_CLIENTS = 256;

/** The options of a {@link Front}. */
export interface FrontOptions extends FrontSessionOptions {
  /** IP address to listen on. */
  readonly hostname: string;
  /** 0 for a free one. */
  readonly port: number;
}

/** The listener and its sessions. */
export class Front implements AsyncDisposable {
  /** The port that is listened on. */
  readonly port: number;
  /** The address that is listened on. */
  readonly hostname: string;
  readonly #listener: Deno.TcpListener;
  readonly #sessions = new Map<FrontSession, Promise<void>>();
  readonly #accepting: Promise<void>;

  /** Throws the error of the system if it cannot listen. */
  constructor(backend: Backend, options: FrontOptions) {
    const { hostname, port } = options;
    this.#listener = Deno.listen({ hostname, port });
    this.hostname = this.#listener.addr.hostname;
    this.port = this.#listener.addr.port;
    this.#accepting = this.#accept(backend, options);
  }

  /** Sends everybody away. Resolves when nothing is open any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    closeQuietly(this.#listener);
    await this.#accepting;
    for (const session of this.#sessions.keys()) session.close();
    await Promise.all(this.#sessions.values());
  }

  async #accept(backend: Backend, options: FrontSessionOptions): Promise<void> {
    for (;;) {
      let socket: Deno.TcpConn;
      try {
        socket = await this.#listener.accept();
      } catch (error) {
        if (isGoneBeforeAccept(error)) continue;
        // Closed by the end of the fixture.
        return;
      }
      if (this.#sessions.size >= MOST_CLIENTS) void turnAway(socket);
      else {
        socket.setNoDelay();
        const session = new FrontSession(new SocketConnection(socket), backend, options);
        this.#sessions.set(session, session.run().finally(() => this.#sessions.delete(session)));
      }
    }
  }
}

async function turnAway(socket: Deno.TcpConn): Promise<void> {
  try {
    await writeAll(socket, new TextEncoder().encode(`421 More than ${MOST_CLIENTS} clients\r\n`));
  } catch {
    // It has left already.
  }
  closeQuietly(socket);
}
