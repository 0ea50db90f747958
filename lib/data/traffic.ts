/**
 * All transfers of the process at once, so that together they leave time for everybody else.
 *
 * Sockets of fast peers are always ready, so several such transfers keep the event loop turning without ever looking for new
 * work: a NOOP of another session then waits for tens of milliseconds. A short rest of all of them, every megabyte, until the loop has
 * looked, brings that down to a few. One transfer alone rests by itself, whenever it waits for the disk.
 *
 * Measured with four downloads at once (two shared cores, other work beside): a rest on a timer of no length every 4 MiB gave
 * 1.0 GB/s and 2 to 3 ms, the pass over the sockets every MiB 1.9 GB/s and 1.3 to 3 ms, no rest at all 1.9 GB/s and 30 ms.
 *
 * @module
 */

import { SocketPass } from "./socket_pass.ts";

/** Bytes that all transfers together move between two rests: less than a millisecond of work. */
const BYTES_BETWEEN_RESTS = 1024 * 1024;

/** Counts runs of the pump and what they move. */
export class Traffic {
  #runs = 0;
  #left = BYTES_BETWEEN_RESTS;
  #rest: Promise<void> | undefined;
  readonly #pass = new SocketPass();

  /** Whether more than one transfer runs. */
  get busy(): boolean {
    return this.#runs > 1;
  }

  /** To be awaited before each piece, where there is one. */
  get rest(): Promise<void> | undefined {
    return this.#rest;
  }

  /** A run begins. */
  enter(): void {
    this.#runs++;
  }

  /** A run ends. The last one leaves nothing open behind. */
  leave(): void {
    this.#runs--;
    if (this.#runs > 0) return;
    this.#pass.close();
    this.#rest = undefined;
  }

  /** Bytes went over a connection. */
  count(bytes: number): void {
    this.#left -= bytes;
    if (this.#left > 0) return;
    this.#left = BYTES_BETWEEN_RESTS;
    if (this.busy) this.#rest ??= this.#pass.wait().then(() => this.#rest = undefined);
  }
}

/** The one of this process: its transfers share one event loop. */
export const traffic = new Traffic();
