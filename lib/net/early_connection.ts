/**
 * A connection that is read from before anyone asks for its bytes.
 *
 * @module
 */

import type { Connection, SocketAddress } from "./connection.ts";

/** Bytes read ahead: most ClientHellos fit in. */
const AHEAD = 1024;

/** Reads the peer's first bytes as soon as they arrive, and passes them to the first reader. */
export class EarlyConnection implements Connection {
  readonly localAddr: SocketAddress;
  readonly remoteAddr: SocketAddress;
  /**
   * Whether the peer has sent something before the connection was closed by either side; resolves as soon as that is
   * known.
   */
  readonly spoken: Promise<boolean>;
  readonly #connection: Connection;
  /** The bytes read ahead. */
  #ahead: Promise<Uint8Array | null> | undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.localAddr = connection.localAddr;
    this.remoteAddr = connection.remoteAddr;
    const buffer = new Uint8Array(AHEAD);
    this.#ahead = connection.read(buffer).then((count) => count === null ? null : buffer.subarray(0, count));
    this.spoken = this.#ahead.then((bytes) => bytes !== null, () => false);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const bytes = await this.#ahead;
    if (bytes === undefined) return await this.#connection.read(buffer);
    if (bytes === null) return null;
    const count = Math.min(bytes.length, buffer.length);
    buffer.set(bytes.subarray(0, count));
    this.#ahead = count < bytes.length ? Promise.resolve(bytes.subarray(count)) : undefined;
    return count;
  }

  write(data: Uint8Array, last?: boolean): Promise<number> {
    return this.#connection.write(data, last);
  }

  closeWrite(): Promise<void> {
    return this.#connection.closeWrite();
  }

  close(): void {
    this.#connection.close();
  }
}
