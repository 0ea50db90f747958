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

/** A part of a file, for a thread that has to open it by itself. */
export interface FilePart {
  /** Real path. It may have come to lead elsewhere: only a file of this `device` and `inode` is meant. */
  readonly path: string;
  readonly device: number;
  readonly inode: number;
  readonly offset: number;
  /** Bytes to send at most. */
  readonly limit: number;
}

/** How far a file was sent. */
export interface FileSent {
  /** Bytes that were not told as progress. */
  readonly bytes: number;
  /** Why it went no further, and whose fault that was. */
  readonly failure?: { readonly of: "file" | "network"; readonly error: unknown };
}

/** What a connection can do whose socket is in another thread. Shared memory gets there without being copied. */
export interface Apart {
  /**
   * Lets the other thread send a file by itself and end the stream. Resolves to `undefined`, with nothing sent, where it does not find that
   * file.
   *
   * @param onProgress told the bytes since it was called last.
   */
  sendFile(part: FilePart, onProgress: (bytes: number) => void): Promise<FileSent | undefined>;
}

/** What is known of the TLS below a connection: one object for its whole life, whose facts change as they are learnt. */
export interface TlsFacts {
  /** Whether the peer took up an earlier session with this server. */
  readonly resumed: boolean;
  /**
   * Whether the peer sent close_notify before it closed: known once a read gave `null`. `false` means that the end may
   * have been cut off by somebody on the way (RFC 8446 section 6.1).
   */
  readonly cleanClose: boolean | undefined;
}

/** A byte stream with two addresses. */
export interface Connection {
  /** Absent on a connection in clear. Whoever wraps a connection passes it on. */
  readonly tls?: TlsFacts | undefined;
  /** Its bytes move on a thread of their own, and so keep nobody waiting on this one. */
  readonly apart?: Apart;
  readonly localAddr: SocketAddress;
  readonly remoteAddr: SocketAddress;
  /**
   * Reads what has arrived, at least one byte, into `buffer`. Resolves to the number of bytes, or to `null` at the end of
   * the stream. Rejects when the connection was reset or closed meanwhile.
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /**
   * Writes some of `data`; resolves to how many bytes were taken, at least one. `last` is a hint that nothing comes behind it: a
   * connection for which {@link closeWrite} is a long way may do that as well.
   */
  write(data: Uint8Array, last?: boolean): Promise<number>;
  /** Tells the peer that nothing more comes (close_notify under TLS, then FIN). Reading goes on. */
  closeWrite(): Promise<void>;
  /** Resolves at the FIN of the peer, or when the connection is gone, where that may come after the end that {@link read} tells (TLS). */
  readonly peerGone?: Promise<void> | undefined;
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

/** Whether two ends of connections are one. A port alone says too little: 127.0.0.2 may have the same. */
export function isSameEnd(a: SocketAddress, b: SocketAddress): boolean {
  return a.port === b.port && a.hostname === b.hostname;
}

/** Closes `connection`, whatever state it is in. */
export function closeQuietly(connection: { close(): void }): void {
  try {
    connection.close();
  } catch {
    // Already closed by the other path that ends a session; there is nothing left to give back.
  }
}
