/**
 * One run of the pump: who broke first, how many bytes it moved, and what cuts it short. It knows neither files nor line ends.
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

/** How a run ended; whatever is not `done` names who or what broke it. */
export type PumpOutcome = "done" | "aborted" | "sourceFailed" | "sinkFailed" | "networkFailed" | "stalled";

/** The end of a run. */
export interface PumpResult {
  readonly outcome: PumpOutcome;
  /**
   * Bytes over the data connection: taken by the socket, or received and stored by the sink. Exact for every outcome; but where the system sent
   * the file by itself, up to half a MiB more may have left until it was stopped.
   */
  readonly bytes: number;
  /** More came in than {@link PumpOptions.limit}: the rest was neither stored nor read to its end. */
  readonly exceeded?: boolean;
  /** What the source, the sink or the connection rejected with, or the reason of the abort. */
  readonly error?: unknown;
}

/** What both directions take. */
export interface PumpOptions {
  /** Cuts the run short: the connection is closed, the outcome is `aborted`. */
  readonly signal: AbortSignal;
  /** Milliseconds without a byte moving until the run is given up as `stalled`; 0 for ever. */
  readonly stallTimeout: number;
  readonly limiter?: RateLimiter | undefined;
  /** Sends large files that nobody has to see on their way, where it can. */
  readonly fileSender?: FileSender | undefined;
  /** Converts line ends (TYPE A). */
  readonly ascii?: boolean | undefined;
  /** Fed with the bytes of the file, as they are stored there. */
  readonly digest?: RunningDigest | undefined;
  /**
   * At most this many bytes, as the source has them or as they come in. A sender that knows the size gives it here and is spared the
   * read that would only find the end.
   */
  readonly limit?: number | undefined;
  /** Called with {@link PumpResult.bytes} so far, after each piece. */
  readonly onProgress?: ((bytes: number) => void) | undefined;
}

/** Options of {@link PumpRun.untilFailed}. */
export interface ReadingOptions {
  readonly blame?: (error: unknown) => PumpOutcome;
  readonly stop?: () => void;
}

/** State of one run, and its connection. None of its methods rejects: the first failure is kept and the rest follows from it. */
export class PumpRun implements Disposable {
  readonly options: PumpOptions;
  readonly pieceSize: PieceSize;
  /** Lends what suits the connection. */
  readonly buffers: BufferPool;
  readonly #connection: Connection;
  readonly #watch: StallWatch | undefined;
  /** `undefined` where the bytes keep nobody on this event loop waiting. */
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

  /** How the run would end if it ended now. */
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

  /** Keeps the first failure. All but one of the source close the connection, as nothing else ends a pending read or write. */
  fail(outcome: PumpOutcome, error?: unknown): void {
    if (this.#failure) return;
    this.#failure = { outcome, ...(error !== undefined && { error }) };
    if (outcome !== "sourceFailed") closeQuietly(this.#connection);
    this.#release?.();
  }

  /** Books bytes as moved. */
  count(bytes: number): void {
    this.#bytes += bytes;
    this.#touch();
    this.options.onProgress?.(this.#bytes);
  }

  /**
   * Waits for a read of the source. Resolves to its bytes, 0 at the end, and `undefined` once the run has failed: then the read may still
   * be pending, as closing the connection does not end it, and its buffer belongs to it.
   *
   * @param options `blame`: what it means that the read failed; `stop`: called when the run fails meanwhile.
   */
  untilFailed(reading: Promise<number | null>, options: ReadingOptions = {}): Promise<number | undefined> {
    const { blame = () => "sourceFailed", stop } = options;
    return new Promise((resolve) => {
      const release = () => {
        stop?.();
        resolve(undefined);
      };
      const settle = (count: number | undefined) => {
        // What fails from now on has nothing to stop here any more.
        if (this.#release === release) this.#release = undefined;
        resolve(count);
      };
      this.#release = release;
      reading.then((count) => settle(count ?? 0), (error) => {
        this.fail(blame(error), error);
        // Where the run had failed before, nobody else does.
        settle(undefined);
      });
    });
  }

  /** Sends all of `data`, or fails. `last`: as of {@link Connection.write}. */
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

  /** Receives what there is into `buffer`: its bytes, 0 at the end and after a failure. */
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
      // Booked afterwards: a slow sender's few bytes must not count as the buffer that was ready for them.
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

  /** What to wait for before `bytes` may move; `undefined` is nothing. */
  #turn(bytes: number): Promise<void> | undefined {
    return this.#traffic?.turn(bytes)?.then(() => this.#turn(bytes));
  }

  /** Stands still on purpose. */
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
