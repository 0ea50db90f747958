/**
 * What the server needs of a stream connection, plain or TLS. `Deno.TcpConn` has this shape by itself; `lib/tls` makes
 * the protected ones. Nothing else in the project knows which runtime API is underneath.
 *
 * @module
 */

/** One end of a connection. `hostname` is an IP address in text form, never a name. */
export interface SocketAddress {
  /** An IPv4 or IPv6 address. */
  readonly hostname: string;
  /** 0 to 65535. */
  readonly port: number;
}

/** A part of a file, to be opened once more. */
export interface FilePart {
  /** Real path. It may lead elsewhere by now: only a file of this `device` and `inode` is meant. */
  readonly path: string;
  /** The number of the device that has the file. */
  readonly device: number;
  /** The number of the file on its device. */
  readonly inode: number;
  /** The first byte to send. */
  readonly offset: number;
  /** Bytes to send at most. */
  readonly limit: number;
}

/** The options of {@link Connection.sendFile}. */
export interface SendFileOptions {
  /** Nothing follows these bytes, as in {@link Connection.write}. */
  readonly last: boolean;
  /** Called with the bytes sent so far, from time to time. */
  readonly onProgress: (bytes: number) => void;
}

/** How far a file was sent. */
export interface FileSent {
  /** Bytes sent, including those reported as progress. Without a failure, the caller sends what is missing. */
  readonly bytes: number;
  /** Why it went no further, and whose fault that was. */
  readonly failure?: { readonly of: "file" | "network"; readonly error: unknown };
}

/** Lends memory, each piece to one user at a time. `BufferPool` of `lib/data` does. */
export interface BufferLender {
  /** Lends a buffer for `wanted` bytes, which may be larger or smaller. Its content is arbitrary. */
  take(wanted: number): Uint8Array;
  /** Takes `buffer` back. No pending operation may use it any more. */
  give(buffer: Uint8Array): void;
  /** Gives up `buffer`, which an abandoned operation may still use. */
  drop(buffer: Uint8Array): void;
}

/** The state of the TLS below a connection: one object for its whole life, updated as facts become known. */
export interface TlsFacts {
  /** The version of the protocol, such as `TLSv1.3`. */
  readonly version: string;
  /** Whether the peer resumed an earlier session with this server. */
  readonly resumed: boolean;
  /**
   * Whether the peer sent close_notify before it closed: known once a read has resolved to `null`. `false` means that
   * the end may have been cut off by an attacker on the way (RFC 8446 section 6.1).
   */
  readonly cleanClose: boolean | undefined;
}

/** A byte stream with two addresses. */
export interface Connection {
  /** The address on this host. */
  readonly localAddr: SocketAddress;
  /** The address of the peer. */
  readonly remoteAddr: SocketAddress;
  /** Absent without TLS. A wrapper passes it on. */
  readonly tls?: TlsFacts | undefined;
  /** Lends memory whose content this connection moves without copying it first. Absent: any memory will do. */
  readonly buffers?: BufferLender;
  /** {@link closeWrite} sends the end before it returns. Absent: it is sent once the promise resolves. */
  readonly endsAtOnce?: boolean;
  /**
   * Reads what has arrived, at least one byte, into `buffer`. Resolves to the number of bytes, or to `null` at the end
   * of the stream. Rejects if the connection is reset or closed in the meantime.
   */
  read(buffer: Uint8Array): Promise<number | null>;
  /**
   * Reads as {@link read} does what is there at once, or within a moment that nothing else needs; `undefined` where
   * nothing is. Absent where only a wait finds out.
   */
  readNow?(buffer: Uint8Array): number | null | undefined;
  /**
   * Writes some of `data`; resolves to how many bytes were taken, at least one. `last` says that this is the final
   * write, so a connection for which {@link closeWrite} is expensive can combine the two.
   */
  write(data: Uint8Array, last?: boolean): Promise<number>;
  /** Writes what is taken at once, as {@link write} does: 0 where that would have to wait. Absent where any may. */
  writeNow?(data: Uint8Array, last?: boolean): number;
  /**
   * Sends part of a file without its bytes passing through this thread. Absent where the bytes must be seen:
   * a wrapper that does not offer it switches it off. Resolves to `undefined` where it is not possible and nothing was
   * sent. {@link close} ends it: then it resolves or rejects soon, whatever the peer and the file do.
   */
  sendFile?(part: FilePart, options: SendFileOptions): Promise<FileSent | undefined>;
  /** Tells the peer that nothing more follows (close_notify under TLS, then FIN). Reading goes on. */
  closeWrite(): Promise<void>;
  /**
   * Looks whether the peer has ended its direction, or is gone; what it has sent before is dropped. Absent where only
   * {@link read} finds out.
   */
  hasEnded?(): boolean;
  /**
   * Has `call` called whenever a write is about to wait for the peer: all others are done before they return. Absent
   * where any write may have to wait.
   */
  beforeWait?(call: () => void): void;
  /**
   * Resolves at the peer's FIN, or when the connection is gone, where that may be later than the end that {@link read}
   * reports (TLS).
   */
  readonly peerGone?: Promise<void> | undefined;
  /**
   * Closes the socket. Pending reads and writes reject or end. May be called more than once only through
   * {@link closeQuietly}.
   */
  close(): void;
}

/**
 * Lets each connection that is accepted at `address`, where this process listens, send each write at once
 * (`TCP_NODELAY`), and keeps it alive. Returns whether it does: otherwise each connection has to be told.
 */
export type PrepareListener = (address: SocketAddress) => boolean;

/** Makes the connection of a socket that was accepted, or connected. */
export type MakeConnection = (socket: Deno.TcpConn) => Connection;

/** A socket of this event loop. */
export class SocketConnection implements Connection {
  /** The address on this host. */
  readonly localAddr: SocketAddress;
  /** The address of the peer. */
  readonly remoteAddr: SocketAddress;
  /** The runtime shuts the socket down before it returns. */
  readonly endsAtOnce = true;
  readonly #socket: Pick<Connection, "read" | "write" | "closeWrite" | "close">;

  /**
   * Closing the connection closes `socket`.
   *
   * @param ends the addresses that the client knows, where a balancer is in between. Default: those of the socket.
   */
  constructor(
    socket: Pick<Connection, "read" | "write" | "closeWrite" | "close" | "localAddr" | "remoteAddr">,
    { localAddr, remoteAddr }: Pick<Connection, "localAddr" | "remoteAddr"> = socket,
  ) {
    this.#socket = socket;
    this.localAddr = localAddr;
    this.remoteAddr = remoteAddr;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#socket.read(buffer);
  }

  write(data: Uint8Array): Promise<number> {
    return this.#socket.write(data);
  }

  closeWrite(): Promise<void> {
    return this.#socket.closeWrite();
  }

  close(): void {
    this.#socket.close();
  }
}

/** Writes all of `data`. A socket may take less than it is offered. */
export async function writeAll(connection: Pick<Connection, "write">, data: Uint8Array): Promise<void> {
  let sent = await connection.write(data);
  while (sent < data.length) sent += await connection.write(data.subarray(sent));
}

/**
 * Whether an `accept` failed only because the peer reset its connection before it was accepted: no reason to pause or
 * to give up.
 */
export function isGoneBeforeAccept(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected || error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted;
}

/** Whether two ends of connections are the same. A port alone is not enough: 127.0.0.2 may have the same one. */
export function isSameEnd(a: SocketAddress, b: SocketAddress): boolean {
  return a.port === b.port && a.hostname === b.hostname;
}

/** Closes `connection`, whatever state it is in. */
export function closeQuietly(connection: { close(): void }): void {
  try {
    connection.close();
  } catch {
    // Already closed by another path that ends a session; there is nothing left to release.
  }
}
