/**
 * What all work on one event loop shares.
 *
 * @module
 */

import { BufferPool, LineBuffers } from "./buffers.ts";
import { DigestTurns } from "./digest/turns.ts";
import { Pacer, StallTimers } from "./pacing.ts";
import { SharedTimers } from "./shared_timers.ts";

/**
 * What all work on one event loop shares: turns, memory, timers. Each server makes one. Several servers in one thread
 * may be given the same one, so that transfers of one leave time for the sessions of the others; a client's transfers
 * need one of their own, in order not to be counted as the server's.
 */
export class EventLoop {
  /**
   * Gives transfers their turns.
   *
   * @internal
   */
  readonly pacer: Pacer = new Pacer();
  /**
   * Lends the memory that bytes pass through.
   *
   * @internal
   */
  readonly buffers: BufferPool = new BufferPool();
  /**
   * Lends the memory that command lines are read into, and short replies written from.
   *
   * @internal
   */
  readonly lineBuffers: LineBuffers = new LineBuffers();
  /**
   * Gives digests of files their turns.
   *
   * @internal
   */
  readonly digestTurns: DigestTurns = new DigestTurns();
  /**
   * Notices transfers in which no byte moves.
   *
   * @internal
   */
  readonly stallTimers: StallTimers = new StallTimers(this.pacer);
  /**
   * Limits the wait for clients that connect.
   *
   * @internal
   */
  readonly timers: SharedTimers = new SharedTimers(this.pacer);

  /**
   * A session begins.
   *
   * @internal
   */
  arrive(): void {
    this.pacer.arrive();
  }

  /**
   * A session ends. With the last one, nothing stays open.
   *
   * @internal
   */
  depart(): void {
    this.pacer.depart();
    if (this.pacer.hasSessions) return;
    this.timers.settle();
    this.stallTimers.settle();
  }
}
