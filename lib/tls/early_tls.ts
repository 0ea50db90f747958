/**
 * A data connection whose client may begin the TLS handshake before it has sent its transfer command, as Go's
 * jlaffaye/ftp of 2022 does, which finishes the handshake before it sends the command.
 *
 * @module
 */

import { closeQuietly, type Connection } from "../net/connection.ts";
import { EarlyConnection } from "../net/early_connection.ts";
import type { SecureConnection } from "./route.ts";

/** Answers the client's handshake, or returns `undefined` if none is wanted. */
export type BeginTls = (connection: Connection) => Promise<SecureConnection> | undefined;

/** A data connection whose client may begin the TLS handshake before its transfer command. */
export class EarlyTls extends EarlyConnection {
  #begun: Promise<SecureConnection> | undefined;
  #taken = false;

  /** @param begin called once the client has sent something, unless {@link takeOver} is called first. */
  constructor(connection: Connection, begin: BeginTls) {
    super(connection);
    void this.spoken.then((spoken) => {
      if (!spoken || this.#taken) return;
      this.#begun = begin(this);
      // Until the transfer command nothing awaits it.
      this.#begun?.catch(() => {});
    });
  }

  /** Hands the handshake to the caller: the one that has begun, or `undefined`. An abort of `signal` ends it. */
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
