/**
 * A data connection whose client may begin the TLS handshake before it has sent its transfer command, as Go's
 * jlaffaye/ftp of 2022 does, and waits for the end of the one before it does the other.
 *
 * @module
 */

import { closeQuietly, type Connection } from "../net/connection.ts";
import { EarlyConnection } from "../net/early_connection.ts";
import type { SecureConnection } from "./route.ts";

/** Answers the client's handshake, or gives `undefined` where none is wanted. */
export type BeginTls = (connection: Connection) => Promise<SecureConnection> | undefined;

/** See the module. */
export class EarlyTls extends EarlyConnection {
  #begun: Promise<SecureConnection> | undefined;
  #taken = false;

  /** @param begin called once the client has spoken, unless {@link takeOver} comes before. */
  constructor(connection: Connection, begin: BeginTls) {
    super(connection);
    void this.spoken.then((spoken) => {
      if (!spoken || this.#taken) return;
      this.#begun = begin(this);
      // Until the transfer command nobody waits for it.
      this.#begun?.catch(() => {});
    });
  }

  /**
   * From now on the handshake is the caller's matter: the one that has begun, or `undefined`. An abort of `signal` ends
   * it.
   */
  takeOver(signal: AbortSignal): Promise<SecureConnection> | undefined {
    this.#taken = true;
    return this.#begun && this.#orAborted(this.#begun, signal);
  }

  async #orAborted(begun: Promise<SecureConnection>, signal: AbortSignal): Promise<SecureConnection> {
    const stop = () => closeQuietly(this);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      return await begun;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}
