/**
 * Both ends of a loopback connection, and files that live in memory and fail on demand.
 *
 * @module
 */

import { closeQuietly, type Connection } from "../../lib/net/connection.ts";
import type { ByteSource, FileSink } from "../../lib/vfs/vfs.ts";

/** A connected pair; disposing closes both ends. */
export interface Pair extends Disposable {
  /** The end that the server would hold. */
  readonly ours: Connection;
  readonly theirs: Deno.TcpConn;
}

export async function connectedPair(): Promise<Pair> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [ours, theirs] = await Promise.all([
    listener.accept(),
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
  ]);
  return {
    ours,
    theirs,
    [Symbol.dispose]() {
      closeQuietly(ours);
      closeQuietly(theirs);
    },
  };
}

/** Bytes that look random and are the same each time. */
export function patternOf(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 0x9e3779b9;
  for (let index = 0; index < length; index++) {
    state = Math.imul(state, 1664525) + 1013904223;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

export async function sha256(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice())).toHex();
}

/** Reads until the peer ends the stream. */
export async function readToEnd(connection: Pick<Connection, "read">): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const buffer = new Uint8Array(65536);
  for (let count; (count = await connection.read(buffer)) !== null;) parts.push(buffer.slice(0, count));
  return concat(parts);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** A file in memory; reads stop short at odd places, as the contract allows. */
export class MemorySource implements ByteSource {
  reads = 0;
  readonly #bytes: Uint8Array;
  readonly #failAt: number;
  #position = 0;

  constructor(bytes: Uint8Array, failAt = Infinity) {
    this.#bytes = bytes;
    this.#failAt = failAt;
  }

  // deno-lint-ignore require-await -- the contract is a promise
  async read(buffer: Uint8Array): Promise<number | null> {
    this.reads++;
    if (this.#position >= this.#failAt) throw new Error("Disk is broken");
    const part = this.#bytes.subarray(this.#position, this.#position + buffer.length);
    buffer.set(part);
    this.#position += part.length;
    return part.length || null;
  }

  skip(bytes: number): void {
    this.#position += bytes;
  }

  close(): void {}
}

/** Never has anything, and never ends. */
export class EndlessWait implements ByteSource {
  read(): Promise<number | null> {
    return new Promise(() => {});
  }
  close(): void {}
}

/** Has bytes for ever. */
export class EndlessSource implements ByteSource {
  read(buffer: Uint8Array): Promise<number | null> {
    return Promise.resolve(buffer.length);
  }
  close(): void {}
}

/** Keeps what is written; a write that would pass `room` bytes rejects. */
export class MemorySink implements FileSink {
  readonly initialSize = 0;
  readonly created = true;
  readonly #parts: Uint8Array[] = [];
  readonly #room: number;
  #stored = 0;
  #waiting: { bytes: number; resolve: () => void } | undefined;

  constructor(room = Infinity) {
    this.#room = room;
  }

  // deno-lint-ignore require-await -- the contract is a promise
  async write(data: Uint8Array): Promise<void> {
    if (this.#stored + data.length > this.#room) throw new Error("No space left");
    this.#parts.push(data.slice());
    this.#stored += data.length;
    if (this.#waiting && this.#stored >= this.#waiting.bytes) this.#waiting.resolve();
  }

  get bytes(): Uint8Array {
    return concat(this.#parts);
  }

  /** Resolves once so much is stored. */
  stored(bytes: number): Promise<void> {
    if (this.#stored >= bytes) return Promise.resolve();
    return new Promise((resolve) => this.#waiting = { bytes, resolve });
  }

  commit(): Promise<void> {
    return Promise.resolve();
  }

  abort(): Promise<void> {
    return Promise.resolve();
  }

  discard(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}
