/**
 * One run of the pump: what failed first, how many bytes were moved, and what cuts it short. Independent of files and
 * line ends.
 *
 * @module
 */

import { type BufferLender, closeQuietly, type Connection } from "../net/connection.ts";
import type { RunningDigest } from "./digest/digest.ts";
import type { EventLoop } from "./event_loop.ts";
import type { Pacer, StallWatch } from "./pacing.ts";
import { PieceSize } from "./buffers.ts";
import type { RateLimit } from "./rate_limit.ts";

/** How a run ended; anything but `done` names what failed. */
export type PumpOutcome = "done" | "aborted" | "sourceFailed" | "sinkFailed" | "networkFailed" | "stalled";

/** The result of a run. */
export interface PumpResult {
  readonly outcome: PumpOutcome;
  /**
   * Bytes over the data connection: taken by the socket, or received and stored by the sink. Exact, except that a run
   * cut short while it sent does not wait for what is on its way: up to one piece more may have been sent (half a MiB
   * where the system sends the file by itself).
   */
  readonly bytes: number;
  /** More input arrived than {@link PumpOptions.limit}: the rest was neither stored nor read to its end. */
  readonly exceeded?: boolean;
  /** The rejection of the source, the sink or the connection, or the reason of the abort. */
  readonly error?: unknown;
}

/** The options of both directions. */
export interface PumpOptions {
  /** Where the bytes move: its turns, memory and timers are used. */
  readonly loop: EventLoop;
  /** Cuts the run short: the connection is closed, the outcome is `aborted`. */
  readonly signal: AbortSignal;
  /** Milliseconds without a byte moving until the run is given up as `stalled`; 0: no limit. */
  readonly stallTimeout: number;
  /**
   * Bytes a second that must move on average over {@link stallTimeout}, except with a {@link limiter}.
   *
   * @default 0, any byte
   */
  readonly minRate?: number | undefined;
  readonly limiter?: RateLimit | undefined;
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

/**
 * The state of one run, and its connection. None of its methods rejects: the first failure is kept and decides the
 * outcome.
 */
export class PumpRun implements Disposable {
  readonly options: PumpOptions;
  readonly pieceSize: PieceSize;
  /** Lends buffers suited to the connection. */
  readonly buffers: BufferLender;
  readonly #connection: Connection;
  readonly #watch: StallWatch | undefined;
  readonly #pacer: Pacer;
  readonly #onAbort = () => this.fail("aborted", this.options.signal.reason);
  #bytes = 0;
  #failure: { readonly outcome: PumpOutcome; readonly error?: unknown } | undefined;
  #sawEnd = false;
  /** Ends the waits of {@link untilFailed}. */
  readonly #releases = new Set<() => void>();

  constructor(connection: Connection, options: PumpOptions) {
    const { loop: { pacer, buffers }, signal, limit, limiter, ascii } = options;
    this.options = options;
    this.pieceSize = new PieceSize({ pacer, expected: limit, limiter, ascii });
    this.buffers = connection.buffers ?? buffers;
    this.#connection = connection;
    this.#pacer = pacer;
    pacer.enter();
    this.#watch = this.#startWatch(options);
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
   * Records the first failure, and ends every wait of the run. All failures except those of the source close the
   * connection, as nothing else ends a pending read.
   */
  fail(outcome: PumpOutcome, error?: unknown): void {
    if (this.#failure) return;
    this.#failure = { outcome, ...(error !== undefined && { error }) };
    if (outcome !== "sourceFailed") closeQuietly(this.#connection);
    for (const release of this.#releases) release();
  }

  /** Counts bytes as moved. */
  count(bytes: number): void {
    this.#bytes += bytes;
    this.#touch(bytes);
    this.options.onProgress?.(this.#bytes);
  }

  /**
   * Waits for a read of the source, or a write to the connection. Resolves to the number of bytes, 0 at the end, and
   * `undefined` once the run has failed: then the operation may still be pending and still own its buffer. Nothing ends
   * a read of a file, and a close does not end a write to a full socket before Deno 2.9, so a client that reads nothing
   * while it waits for the answer to its ABOR would wait forever.
   *
   * @param blame the outcome if the operation fails.
   */
  untilFailed(moving: Promise<number | null>, blame: PumpOutcome = "sourceFailed"): Promise<number | undefined> {
    return new Promise((resolve) => {
      const release = () => resolve(undefined);
      const settle = (count: number | undefined) => {
        this.#releases.delete(release);
        resolve(count);
      };
      this.#releases.add(release);
      moving.then((count) => settle(count ?? 0), (error) => {
        this.fail(blame, error);
        // If the run had already failed, nothing else settles it.
        settle(undefined);
      });
    });
  }

  /**
   * Sends all of `data`, or fails. `last`: as in {@link Connection.write}. Resolves to whether all is sent: otherwise a
   * write may still own the buffer.
   */
  async send(data: Uint8Array, last: boolean): Promise<boolean> {
    const { limiter, signal } = this.options;
    const began = performance.now();
    for (let sent = 0; sent < data.length;) {
      const part = sent === 0 ? data : data.subarray(sent);
      const wait = this.#turn(part.length);
      if (wait) await wait;
      if (this.#failure) return false;
      const count = await this.untilFailed(this.#write(part, last), "networkFailed");
      if (count === undefined) return false;
      sent += count;
    }
    this.pieceSize.adapt(performance.now() - began);
    const debt = limiter?.take(data.length, signal);
    if (debt) await this.#rest(debt);
    return true;
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
      void this.#pacer.move(count);
      this.#touch(count);
      const debt = limiter?.take(count, signal);
      if (debt) await this.#rest(debt);
      return count;
    } catch (error) {
      this.fail("networkFailed", error);
      return 0;
    }
  }

  [Symbol.dispose](): void {
    this.#pacer.leave();
    this.#watch?.[Symbol.dispose]();
    this.options.signal.removeEventListener("abort", this.#onAbort);
  }

  /** Counts what was taken even if nothing waits for it any more. */
  async #write(data: Uint8Array, last: boolean): Promise<number> {
    const count = await this.#connection.write(data, last);
    this.count(count);
    return count;
  }

  /** A promise to wait for before `bytes` may move; `undefined` if there is none. */
  #turn(bytes: number): Promise<void> | undefined {
    return this.#pacer.move(bytes)?.then(() => this.#turn(bytes));
  }

  /** Pauses intentionally. */
  async #rest(until: Promise<void>): Promise<void> {
    if (!this.#watch) return await until;
    this.#watch.resting = true;
    await until;
    this.#watch.resting = false;
  }

  #touch(bytes: number): void {
    if (this.#watch) this.#watch.bytes += bytes;
  }

  /** Whoever is slowed down intentionally must only go on. */
  #startWatch({ loop, stallTimeout, minRate = 0, limiter }: PumpOptions): StallWatch | undefined {
    if (stallTimeout === 0) return undefined;
    const least = limiter ? 1 : Math.max(1, Math.floor(minRate * stallTimeout / 1000));
    return loop.stallTimers.watch({ timeout: stallTimeout, least }, () => this.fail("stalled"));
  }
}
