/**
 * The decrypted end of a relayed TLS connection as a {@link SecureConnection}.
 *
 * @module
 */

import { closeQuietly, type Connection, type SocketAddress } from "../../net/connection.ts";
import type { Gate } from "./gate.ts";
import type { ClientHello, ServerHello } from "./hello.ts";
import type { SecureConnection, TlsVersion } from "../route.ts";
import type { Hop } from "./terminator.ts";

/** The parts of a relayed connection. */
export interface RelayParts extends Hop {
  readonly client: Connection;
  /**
   * The two pipes between client and hop; `outward` is the one towards the client. Either rejects when the client has
   * reset the connection.
   */
  readonly inward: Promise<void>;
  readonly outward: Promise<void>;
  /** In front of {@link client}; closed until there is other output. */
  readonly gate: Gate;
  readonly hello: ClientHello;
  readonly terms: ServerHello;
}

/** Reads and writes at the hop's decrypted end; keeps the ends of the four sockets in step. */
export class RelayConnection implements SecureConnection {
  readonly localAddr: SocketAddress;
  readonly remoteAddr: SocketAddress;
  readonly protocol: TlsVersion;
  readonly cipher: string;
  readonly serverName: string | undefined;
  readonly tls: { readonly version: TlsVersion; readonly resumed: boolean; cleanClose: boolean | undefined };
  /** Everything received from the client has been forwarded by then. */
  readonly peerGone: Promise<void>;
  readonly #parts: RelayParts;

  constructor(parts: RelayParts) {
    const { client, hello, terms } = parts;
    this.#parts = parts;
    this.localAddr = client.localAddr;
    this.remoteAddr = client.remoteAddr;
    this.protocol = terms.protocol;
    this.cipher = terms.cipher;
    this.serverName = hello.serverName;
    const resumed = terms.preSharedKey ||
      (terms.protocol === "TLSv1.2" && terms.sessionId !== "" && terms.sessionId === hello.sessionId);
    this.tls = { version: terms.protocol, resumed, cleanClose: undefined };
    this.peerGone = parts.inward.catch(() => {});
    // Nothing can be sent any more. A failure of the other pipe is reported to the reader after all input before it.
    parts.outward.catch(() => this.#closeSockets());
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    try {
      const count = await this.#parts.accepted.read(buffer);
      if (count === null) this.tls.cleanClose = true;
      return count;
    } catch (error) {
      // The runtime's TLS reports an end without close_notify as this error.
      if (!(error instanceof Deno.errors.UnexpectedEof)) throw error;
      // A reset is not an end of stream. The pipe has ended: its outcome decides.
      await this.#parts.inward;
      this.tls.cleanClose = false;
      return null;
    }
  }

  write(data: Uint8Array): Promise<number> {
    this.#parts.gate.open();
    return this.#parts.accepted.write(data);
  }

  async closeWrite(): Promise<void> {
    this.#parts.gate.open();
    await this.#parts.accepted.closeWrite();
    // Not done before the last byte has been sent to the client, as a close right after would cut it off.
    await this.#parts.outward;
  }

  close(): void {
    this.#parts.gate.open();
    this.#parts.accepted.close();
    closeQuietly(this.#parts.local);
    closeQuietly(this.#parts.client);
  }

  #closeSockets(): void {
    this.#parts.gate.open();
    closeQuietly(this.#parts.local);
    closeQuietly(this.#parts.client);
  }
}
