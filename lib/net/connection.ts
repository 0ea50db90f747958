/**
 * What the server needs of a stream connection, plain or TLS. `Deno.TcpConn` has this shape by itself; `lib/tls` makes the
 * protected ones. Nothing else in the project knows which runtime API is underneath.
 *
 * @module
 */

/** One end of a connection. `hostname` is an IP address in text form, never a name. */
export interface SocketAddress {
  readonly hostname: string;
  readonly port: number;
}

/** A byte stream with two addresses. */
export interface Connection {
  readonly localAddr: SocketAddress;
  readonly remoteAddr: SocketAddress;
  /**
   * Reads what has arrived, at least one byte, into `buffer`. Resolves to the number of bytes, or to `null` at the end of
   * the stream. Rejects when the connection was reset or closed meanwhile.
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /** Writes some of `data`; resolves to how many bytes were taken, at least one. */
  write(data: Uint8Array): Promise<number>;
  /** Tells the peer that nothing more comes (close_notify under TLS, then FIN). Reading goes on. */
  closeWrite(): Promise<void>;
  /** Gives the socket back. Pending reads and writes reject or end. May be called more than once only through {@link closeQuietly}. */
  close(): void;
}

/** Writes all of `data`. A socket may take less than it is offered. */
export async function writeAll(connection: Pick<Connection, "write">, data: Uint8Array): Promise<void> {
  let sent = await connection.write(data);
  while (sent < data.length) sent += await connection.write(data.subarray(sent));
}

/** Whether an `accept` failed for the peer's sake alone, who reset the connection before its turn came: no reason to pause or to give up. */
export function isGoneBeforeAccept(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted;
}

/** Closes `connection`, whatever state it is in. */
export function closeQuietly(connection: { close(): void }): void {
  try {
    connection.close();
  } catch {
    // Already closed by the other path that ends a session; there is nothing left to give back.
  }
}
