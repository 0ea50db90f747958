/**
 * A loopback listener that terminates TLS for one certificate, for the relay route.
 *
 * @module
 */

import { closeQuietly, isSameEnd, type PrepareListener } from "../../net/connection.ts";
import type { KeyPair } from "../certificates.ts";

/**
 * Both ends of one hop through the terminator: bytes written encrypted to `local` are read decrypted from `accepted`.
 */
export interface Hop {
  readonly local: Deno.TcpConn;
  readonly accepted: Deno.TlsConn;
}

/** Only returns connections that it made itself: other programs on this machine can reach its port too. */
export class Terminator implements Disposable {
  readonly #listener: Deno.TlsListener;
  /**
   * Hops are made one after the other, so the connection accepted next is ours or a stranger's, never another hop's.
   */
  #last: Promise<unknown> = Promise.resolve();

  constructor(pair: KeyPair, prepareListener?: PrepareListener) {
    this.#listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert: pair.certificate, key: pair.privateKey });
    prepareListener?.(this.#listener.addr);
  }

  /** Makes a hop; the TLS handshake on it is still to come. */
  connect(): Promise<Hop> {
    const hop = this.#last.then(() => this.#make());
    this.#last = hop.catch(() => {});
    return hop;
  }

  /** Stops listening once the pending hops are made. Existing hops continue. */
  [Symbol.dispose](): void {
    void this.#last.then(() => closeQuietly(this.#listener));
  }

  async #make(): Promise<Hop> {
    const local = await Deno.connect({ hostname: "127.0.0.1", port: this.#listener.addr.port });
    try {
      local.setNoDelay(true);
      for (;;) {
        const accepted = await this.#listener.accept();
        if (isSameEnd(accepted.remoteAddr, local.localAddr)) return { local, accepted };
        accepted.close();
      }
    } catch (error) {
      local.close();
      throw error;
    }
  }
}
