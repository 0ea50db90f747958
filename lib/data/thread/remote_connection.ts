/**
 * A connection whose socket is in the data thread.
 *
 * @module
 */

import type {
  BufferLender,
  Connection,
  FilePart,
  FileSent,
  SendFileOptions,
  SocketAddress,
} from "../../net/connection.ts";
import { fromPortableError } from "../../threads/portable_error.ts";
import type { Channel, Listener } from "./channel.ts";
import type { Answer, Done, Ends, Move, Task } from "./messages.ts";

/**
 * A connection whose socket is in the data thread. Bytes in shared memory stay where they are; others are copied when
 * sent.
 */
export class RemoteConnection implements Connection, Listener {
  readonly localAddr: SocketAddress;
  readonly remoteAddr: SocketAddress;
  /** Shared memory. */
  readonly buffers: BufferLender;
  readonly #channel: Channel;
  readonly #pending = new Map<Task, PromiseWithResolvers<Done>>();
  #onProgress: ((bytes: number) => void) | undefined;
  /** The stream was ended after the last bytes. */
  #ended = false;
  #closed = false;

  constructor(channel: Channel, { localAddr, remoteAddr }: Ends, buffers: BufferLender) {
    this.#channel = channel;
    this.buffers = buffers;
    this.localAddr = localAddr;
    this.remoteAddr = remoteAddr;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const { count, bytes } = await this.#ask({ type: "read", into: isShared(buffer) ? buffer : buffer.length });
    if (bytes) buffer.set(bytes);
    return count;
  }

  async write(data: Uint8Array, last = false): Promise<number> {
    // A view would send along all of its underlying memory.
    const { count } = await this.#ask({ type: "write", bytes: isShared(data) ? data : data.slice(), last });
    this.#ended = last && count === data.length;
    return count ?? 0;
  }

  async closeWrite(): Promise<void> {
    if (!this.#ended) await this.#ask({ type: "closeWrite" });
    this.#ended = true;
  }

  async sendFile(part: FilePart, { last, onProgress }: SendFileOptions): Promise<FileSent | undefined> {
    this.#onProgress = onProgress;
    const { sent } = await this.#ask({ type: "sendFile", part, last });
    if (!sent?.failure) {
      this.#ended = last && sent?.bytes === part.limit;
      return sent;
    }
    return { ...sent, failure: { ...sent.failure, error: fromPortableError(sent.failure.error) } };
  }

  /** Pending operations end when the data thread reports it: until then it may use the bytes. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#channel.send({ type: "close" });
    if (this.#pending.size === 0) this.#channel.leave();
  }

  hear(answer: Answer): void {
    switch (answer.type) {
      case "progress":
        return this.#onProgress?.(answer.bytes);
      case "done":
        return this.#take(answer.task)?.resolve(answer);
      case "failed":
        return this.#take(answer.task)?.reject(fromPortableError(answer.error));
    }
  }

  lose(error: Error): void {
    this.#closed = true;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #ask(move: Move): Promise<Done> {
    if (this.#closed) return Promise.reject(new Deno.errors.BadResource("Connection is closed"));
    const pending = Promise.withResolvers<Done>();
    this.#pending.set(move.type, pending);
    this.#channel.send(move);
    return pending.promise;
  }

  #take(task: Task): PromiseWithResolvers<Done> | undefined {
    const pending = this.#pending.get(task);
    this.#pending.delete(task);
    if (this.#closed && this.#pending.size === 0) this.#channel.leave();
    return pending;
  }
}

function isShared({ buffer }: Uint8Array): boolean {
  return buffer instanceof SharedArrayBuffer;
}
