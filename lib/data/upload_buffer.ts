/**
 * The file's side of an upload: stores input while more arrives.
 *
 * Input is passed to the sink as soon as the sink is idle. A fast sender fills a buffer in the meantime, so that its
 * data is stored in few large writes; data of a slow one is never held back. No timer is involved.
 *
 * @module
 */

import { FromNetworkAscii } from "../protocol/ascii.ts";
import type { FileSink } from "../vfs/vfs.ts";
import type { PumpRun } from "./pump_run.ts";

/** What an upload needs of its file. */
export type UploadSink = Pick<FileSink, "write" | "hold">;

/** A buffer of an upload: `room` is filled up to `filled` and stored up to `stored`. */
interface Segment {
  readonly buffer: Uint8Array;
  readonly room: Uint8Array;
  readonly since: number;
  stored: number;
  filled: number;
  /** Nothing more is added to it. */
  full: boolean;
}

/** Buffers of one upload: one is stored while the other is filled. */
const MOST_SEGMENTS = 2;

/** Takes bytes in order. None of its methods rejects: a failure of the sink ends the transfer. */
export class UploadBuffer {
  readonly #run: PumpRun;
  readonly #sink: UploadSink;
  readonly #converter: FromNetworkAscii | undefined;
  readonly #segments: Segment[] = [];
  #storing = false;
  #onChange: (() => void) | undefined;

  constructor(run: PumpRun, sink: UploadSink) {
    this.#run = run;
    this.#sink = sink;
    this.#converter = run.options.ascii ? new FromNetworkAscii() : undefined;
  }

  /** The space for the next bytes, at least one. Waits while all buffers are full. */
  async room(): Promise<Uint8Array> {
    let segment = this.#segments.at(-1);
    while (!segment || segment.full) {
      if (this.#segments.length < MOST_SEGMENTS) segment = this.#addSegment();
      else {
        void this.store();
        await this.#change();
      }
    }
    if (segment.stored === segment.filled) segment.stored = segment.filled = 0;
    return segment.room.subarray(segment.filled);
  }

  /** `count` bytes have arrived in the last {@link room}. They wait for {@link store}. */
  took(count: number): void {
    const segment = this.#segments.at(-1);
    if (!segment) return;
    segment.filled += count;
    if (segment.filled === segment.room.length) {
      segment.full = true;
      this.#run.pieceSize.adapt(performance.now() - segment.since);
    }
  }

  /** There is no more input: resolves when everything is stored and all buffers are given back. */
  async finish(): Promise<void> {
    for (const segment of this.#segments) segment.full = true;
    void this.store();
    while (this.#storing) await this.#change();
    const rest = this.#converter?.flush();
    if (rest && rest.length > 0) await this.#write(rest, 0);
  }

  #addSegment(): Segment {
    const size = this.#run.pieceSize.current;
    const buffer = this.#run.buffers.take(size);
    const room = buffer.subarray(0, size);
    const segment = { buffer, room, since: performance.now(), stored: 0, filled: 0, full: false };
    this.#segments.push(segment);
    return segment;
  }

  /** Resolves when a buffer was given back or everything is stored. Only one caller waits at a time. */
  #change(): Promise<void> {
    return new Promise((resolve) => this.#onChange = resolve);
  }

  /**
   * Stores until there is nothing left to store. To be called after more input has been requested: a fast sink takes it
   * at once.
   */
  async store(): Promise<void> {
    if (this.#storing) return;
    this.#storing = true;
    for (let segment; (segment = this.#segments[0]) && (segment.full || segment.stored < segment.filled);) {
      const { buffer, room, stored, filled } = segment;
      if (stored < filled) await this.#convertAndWrite(room.subarray(stored, filled));
      segment.stored = filled;
      if (!segment.full || segment.filled > filled) continue;
      this.#segments.shift();
      this.#run.buffers.give(buffer);
      this.#onChange?.();
    }
    this.#storing = false;
    this.#onChange?.();
  }

  #convertAndWrite(received: Uint8Array): Promise<void> {
    return this.#write(this.#converter ? this.#converter.convert(received) : received, received.length);
  }

  /** Writes `data`, which arrived as `received` bytes over the network. */
  async #write(data: Uint8Array, received: number): Promise<void> {
    if (this.#run.outcome === "sinkFailed") return;
    try {
      const writing = this.#sink.write(data);
      this.#run.options.digest?.update(data);
      await writing;
      this.#run.count(received);
    } catch (error) {
      this.#run.fail("sinkFailed", error);
    }
  }
}
