/**
 * One data connection in the data thread.
 *
 * @module
 */

import { closeQuietly, type Connection, type FilePart } from "../../net/connection.ts";
import { toPortableError } from "../../threads/portable_error.ts";
import type { EventLoop } from "../event_loop.ts";
import type { Answer, Done, Move } from "./messages.ts";
import { sendFile } from "./send_file.ts";

/**
 * Milliseconds after which an unfinished piece is answered with the bytes moved so far: a slow peer has not stalled.
 */
const SLOW = 250;

/** Performs operations on the connection, and answers. */
export class ConnectionMover {
  readonly #connection: Connection;
  readonly #tell: (answer: Answer) => void;
  readonly #loop: EventLoop;
  readonly #closing = new AbortController();

  constructor(connection: Connection, tell: (answer: Answer) => void, loop: EventLoop) {
    this.#connection = connection;
    this.#tell = tell;
    this.#loop = loop;
  }

  /** Never rejects. */
  async perform(move: Move): Promise<void> {
    try {
      this.#tell(await this.#move(move));
    } catch (error) {
      this.#tell({ type: "failed", task: move.type, error: toPortableError(error) });
    }
  }

  /** Pending operations fail. */
  close(): void {
    this.#closing.abort();
    closeQuietly(this.#connection);
  }

  async #move(move: Move): Promise<Done> {
    switch (move.type) {
      case "write":
        return { type: "done", task: "write", count: await this.#write(move.bytes, move.last) };
      case "read":
        return await this.#read(move.into);
      case "closeWrite":
        await this.#connection.closeWrite();
        return { type: "done", task: "closeWrite", count: null };
      case "sendFile":
        return await this.#sendFile(move.part, move.last);
    }
  }

  async #write(bytes: Uint8Array, last: boolean): Promise<number> {
    const began = performance.now();
    let sent = await this.#connection.write(bytes);
    while (sent < bytes.length && performance.now() - began < SLOW) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
    if (last && sent === bytes.length) await this.#connection.closeWrite();
    return sent;
  }

  async #read(into: Uint8Array | number): Promise<Done> {
    const buffer = typeof into === "number" ? new Uint8Array(into) : into;
    const count = await this.#connection.read(buffer);
    const copied = count !== null && buffer !== into;
    return { type: "done", task: "read", count, ...(copied && { bytes: buffer.slice(0, count) }) };
  }

  async #sendFile(part: FilePart, last: boolean): Promise<Done> {
    const { signal } = this.#closing;
    const onProgress = (bytes: number) => this.#tell({ type: "progress", bytes });
    const sent = await sendFile(part, this.#connection, { loop: this.#loop, signal, last, onProgress });
    return { type: "done", task: "sendFile", count: null, ...(sent && { sent }) };
  }
}
