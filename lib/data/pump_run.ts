/**
 * One run of the pump: what failed first, how many bytes were moved, and what cuts it short. Independent of files and
 * line ends.
 *
 * @module
 */

import { closeQuietly, type Connection } from "../net/connection.ts";
import { type BufferPool, sharedBuffers, threadBuffers } from "./buffer_pool.ts";
import type { RunningDigest } from "./digest/digest.ts";
import type { FileSender } from "./file_sender.ts";
import { PieceSize } from "./piece_size.ts";
import type { RateLimiter } from "./rate_limit.ts";
import { type StallWatch, watchForStall } from "./stall_timer.ts";
import { type Pacer, traffic } from "./pacing.ts";

/** How a run ended; anything but `done` names what failed. */
export type PumpOutcome = "done" | "aborted" | "sourceFailed" | "sinkFailed" | "networkFailed" | "stalled";

/** The result of a run. */
export interface PumpResult {
  readonly outcome: PumpOutcome;
  /**
   * Bytes over the data connection: taken by the socket, or received and stored by the sink. Exact for every outcome,
   * except that where the system sent the file by itself, up to half a MiB more may have been sent until it was
   * stopped.
   */
  readonly bytes: number;
  /** More input arrived than {@link PumpOptions.limit}: the rest was neither stored nor read to its end. */
  readonly exceeded?: boolean;
  /** The rejection of the source, the sink or the connection, or the reason of the abort. */
  readonly error?: unknown;
}

/** The options of both directions. */
export interface PumpOptions {
  /** Cuts the run short: the connection is closed, the outcome is `aborted`. */
  readonly signal: AbortSignal;
  /** Milliseconds without a byte moving until the run is given up as `stalled`; 0: no limit. */
  readonly stallTimeout: number;
  readonly limiter?: RateLimiter | undefined;
  /** Sends large files whose bytes need not pass through this process, if it can. */
  readonly fileSender?: FileSender | undefined;
  /** Converts line ends (TYPE A). */
  readonly ascii?: boolean | undefined;
  /** Fed with the bytes of the file, as they are stored. */
  readonly digest?: RunningDigest | undefined;
  /**
   * At most this many bytes, as the source has them or as they arrive. A sender that knows the size passes it here and
   * saves the read that would only find the end.
   */
  readonly limit?: number | undefined;
  /** Called with {@link PumpResult.bytes} so far, after each piece. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** The options of {@link PumpRun.untilFailed}. */
export interface ReadingOptions {
  readonly blame?: (error: unknown) => PumpOutcome;
  readonly stop?: () => void;
}

/**
 * The state of one run, and its connection. None of its methods rejects: the first failure is kept and decides the
 * outcome.
 */
export class PumpRun implements Disposable {
  readonly options: PumpOptions;
  readonly pieceSize: PieceSize;
  /** Lends buffers suited to the connection. */
  readonly buffers: BufferPool;
  readonly #connection: Connection;
  readonly #watch: StallWatch | undefined;
  /** `undefined` if the bytes do not block other sessions of this event loop. */
  readonly #traffic: Pacer | undefined;
  readonly #onAbort = () => this.fail("aborted", this.options.signal.reason);
  #bytes = 0;
  #failure: { readonly outcome: PumpOutcome; readonly error?: unknown } | undefined;
  #sawEnd = false;
  #release: (() => void) | undefined;

  constructor(connection: Connection, options: PumpOptions) {
    this.options = options;
    this.pieceSize = new PieceSize({ ...options, expected: options.limit });
    this.buffers = connection.apart ? threadBuffers : sharedBuffers;
    this.#connection = connection;
    this.#traffic = connection.apart ? undefined : traffic;
    this.#traffic?.enter();
    const { signal, stallTimeout } = options;
    if (stallTimeout > 0) this.#watch = watchForStall(stallTimeout, () => this.fail("stalled"));
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort);
  }

  /** The outcome if the run ended now. */
  get outcome(): PumpOutcome {
    return this.#failure?.outcome ?? "done";
  }

  /** Whether nothing more can be received: the peer has ended the stream, or the run has failed. */
  get ended(): boolean {
    return this.#sawEnd || this.#failure !== undefined;
  }

  get result(): PumpResult {
    return { outcome: "done", ...this.#failure, bytes: this.#bytes };
  }

  /**
   * Records the first failure. All failures except those of the source close the connection, as nothing else ends a
   * pending read or write.
   */
  fail(outcome: PumpOutcome, error?: unknown): void {
    if (this.#failure) return;
    this.#failure = { outcome, ...(error !== undefined && { error }) };
    if (outcome !== "sourceFailed") closeQuietly(this.#connection);
    this.#release?.();
  }

  /** Counts bytes as moved. */
  count(bytes: number): void {
    this.#bytes += bytes;
    this.#touch();
    this.options.onProgress?.(this.#bytes);
  }

  /**
   * Waits for a read of the source. Resolves to the number of bytes, 0 at the end, and `undefined` once the run has
   * failed: then the read may still be pending, as closing the connection does not end it, and still owns its buffer.
   *
   * @param options `blame`: the outcome if the read fails; `stop`: called if the run fails in the meantime.
   */
  untilFailed(reading: Promise<number | null>, options: ReadingOptions = {}): Promise<number | undefined> {
    const { blame = () => "sourceFailed", stop } = options;
    return new Promise((resolve) => {
      const release = () => {
        stop?.();
        resolve(undefined);
      };
      const settle = (count: number | undefined) => {
        // Later failures have nothing to stop here.
        if (this.#release === release) this.#release = undefined;
        resolve(count);
      };
      this.#release = release;
      reading.then((count) => settle(count ?? 0), (error) => {
        this.fail(blame(error), error);
        // If the run had already failed, nothing else settles it.
        settle(undefined);
      });
    });
  }

  /** Sends all of `data`, or fails. `last`: as in {@link Connection.write}. */
  async send(data: Uint8Array, last: boolean): Promise<void> {
    const { limiter, signal } = this.options;
    const began = performance.now();
    try {
      for (let sent = 0; sent < data.length;) {
        const part = sent === 0 ? data : data.subarray(sent);
        const wait = this.#turn(part.length);
        if (wait) await wait;
        const count = await this.#connection.write(part, last);
        sent += count;
        this.count(count);
      }
      this.pieceSize.adapt(performance.now() - began);
      const debt = limiter?.take(data.length, signal);
      if (debt) await this.#rest(debt);
    } catch (error) {
      this.fail("networkFailed", error);
    }
  }

  /** Receives available input into `buffer`: the number of bytes, 0 at the end and after a failure. */
  async receive(buffer: Uint8Array): Promise<number> {
    const { limiter, signal } = this.options;
    try {
      const wait = this.#turn(0);
      if (wait) await wait;
      const count = await this.#connection.read(buffer);
      if (count === null) {
        this.#sawEnd = true;
        return 0;
      }
      // Counted afterwards: a slow sender's few bytes must not count as the whole buffer that was ready for them.
      void this.#traffic?.turn(count);
      this.#touch();
      const debt = limiter?.take(count, signal);
      if (debt) await this.#rest(debt);
      return count;
    } catch (error) {
      this.fail("networkFailed", error);
      return 0;
    }
  }

  [Symbol.dispose](): void {
    this.#traffic?.leave();
    this.#watch?.[Symbol.dispose]();
    this.options.signal.removeEventListener("abort", this.#onAbort);
  }

  /** A promise to wait for before `bytes` may move; `undefined` if there is none. */
  #turn(bytes: number): Promise<void> | undefined {
    return this.#traffic?.turn(bytes)?.then(() => this.#turn(bytes));
  }

  /** Pauses intentionally. */
  async #rest(until: Promise<void>): Promise<void> {
    if (!this.#watch) return await until;
    this.#watch.resting = true;
    await until;
    this.#watch.resting = false;
  }

  #touch(): void {
    if (this.#watch) this.#watch.moved = true;
  }
}
