/**
 * A {@link Connection} in the shape that `node:tls` needs: a Duplex of the encrypted bytes.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { closeQuietly, type Connection, writeAll } from "../../net/connection.ts";
import { discard } from "./memory.ts";

/** An idle session keeps one buffer of this size waiting; it holds a ClientHello and any FTP command. */
const SMALLEST_READ = 2048;
const LARGEST_READ = 256 * 1024;

/**
 * The encrypted stream below a TLS socket. It differs from a plain wrapper in one point: the end of the input is a
 * separate event, `endOfInput`, and not pushed, because TLS above cannot distinguish an end it was given (FIN) from one
 * it read (close_notify).
 */
export class ConnectionStream extends Duplex {
  readonly #connection: Connection;
  readonly #flushed = Promise.withResolvers<void>();
  #readSize = SMALLEST_READ;
  /** For the next read, where the last one left it. */
  #spare: Uint8Array<ArrayBuffer> | undefined;
  #held = false;
  #wanted = false;
  #silent = false;
  #unsaid: (() => void) | undefined;

  constructor(connection: Connection) {
    super({ highWaterMark: LARGEST_READ });
    this.#connection = connection;
    // TLS reports the same error; without a listener here it would end the process.
    this.on("error", () => {});
  }

  /** Settles when the FIN was sent, or can no longer be sent. */
  get flushed(): Promise<void> {
    return this.#flushed.promise;
  }

  /** Pauses reading from the connection until {@link release}; what was already read is still delivered. */
  hold(): void {
    this.#held = true;
  }

  /** Undoes {@link hold}. */
  release(): void {
    this.#held = false;
    if (this.#wanted) this._read();
  }

  /** Delays all output until {@link speak}. */
  beSilent(): void {
    this.#silent = true;
  }

  /** Undoes {@link beSilent}: delayed output is sent. */
  speak(): void {
    this.#silent = false;
    this.#unsaid?.();
    this.#unsaid = undefined;
  }

  override _read(): void {
    this.#wanted = this.#held;
    if (this.#held) return;
    const buffer = this.#takeBuffer();
    this.#connection.read(buffer).then((count) => {
      if (this.destroyed) return;
      if (count === null) return void this.emit("endOfInput");
      this.#resize(count);
      this.push(Buffer.from(buffer.buffer, 0, count));
      // A chunk that is not queued in the stream was passed on within the call, and TLS copies its input.
      if (this.readableLength === 0) this.#spare = buffer;
    }, (error) => {
      this.destroy(error);
    });
  }

  override _write(chunk: Uint8Array, encoding: string, done: (error?: Error | null) => void): void {
    if (this.#silent) {
      this.#unsaid = () => this._write(chunk, encoding, done);
      return;
    }
    const written = (): void => {
      // TLS created it only for this stream.
      discard(chunk);
      done();
    };
    writeAll(this.#connection, chunk).then(written, done);
  }

  override _writev(chunks: { chunk: Uint8Array }[], done: (error?: Error | null) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "buffer", done);
  }

  override _final(done: (error?: Error | null) => void): void {
    // The peer may have gone first; then there is no peer left to send to.
    const finish = (): void => {
      this.#flushed.resolve();
      done();
    };
    this.#connection.closeWrite().then(finish, finish);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    closeQuietly(this.#connection);
    this.#flushed.resolve();
    done(error);
  }

  #takeBuffer(): Uint8Array<ArrayBuffer> {
    const spare = this.#spare;
    this.#spare = undefined;
    return spare?.length === this.#readSize ? spare : new Uint8Array(this.#readSize);
  }

  /** Bulk transfers fill the buffer and get a larger one; a session that went quiet falls back. */
  #resize(count: number): void {
    if (count === this.#readSize) this.#readSize = Math.min(this.#readSize * 4, LARGEST_READ);
    else if (count < this.#readSize / 4) this.#readSize = Math.max(this.#readSize / 2, SMALLEST_READ);
  }
}

/** `TLSSocket` takes any Duplex (Node's documentation of its constructor); the types only allow Socket. */
export function asSocket(stream: Duplex): Socket {
  return stream as Socket;
}
