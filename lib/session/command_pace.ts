/**
 * Paces the commands of all sessions of one event loop, so that clients that send many of them do not block the others.
 *
 * What a client has sent is in memory after one read, up to 16 KiB of it, and commands that wait for nothing would run
 * one after the other without the loop looking at its sockets: 2,700 times FEAT keep all other sessions waiting for 160
 * ms, from ten clients for 590 ms. So all of them rest after a while until the loop has looked.
 *
 * @module
 */

import { SocketPoll } from "../data/socket_poll.ts";

/** Milliseconds of work between two looks. */
const SLICE = 2;
/** Commands between two looks: this many of the cheapest take half a millisecond. */
const MOST_COMMANDS = 256;
/** Milliseconds without a rest after which the two sockets that a rest needs are closed. */
const KEEP = 1_000;

/** Counts sessions and the commands that they run. */
export class CommandPace {
  #sessions = 0;
  #commands = 0;
  #lookedAt = 0;
  #rest: Promise<void> | undefined;
  readonly #pass = new SocketPoll();
  #giveBack: ReturnType<typeof setTimeout> | undefined;

  /** A session begins. */
  enter(): void {
    this.#sessions++;
  }

  /** A session ends. After the last one nothing is left open. */
  leave(): void {
    this.#sessions--;
    if (this.#sessions > 0) return;
    clearTimeout(this.#giveBack);
    this.#pass.close();
    this.#rest = undefined;
  }

  /**
   * Asks to run a command of those that arrived at `since`, on the clock of `performance.now`. `undefined`: now. A
   * promise, which never rejects: ask again when it resolves.
   */
  turn(since: number): Promise<void> | undefined {
    if (this.#rest) return this.#rest;
    if (this.#commands < MOST_COMMANDS && performance.now() - Math.max(since, this.#lookedAt) < SLICE) {
      this.#commands++;
      return undefined;
    }
    return this.#beginRest();
  }

  #beginRest(): Promise<void> {
    clearTimeout(this.#giveBack);
    const rest = this.#pass.wait().then(() => {
      if (this.#rest === rest) {
        this.#rest = undefined;
        this.#giveBack = setTimeout(() => this.#pass.close(), KEEP);
      }
      this.#commands = 0;
      this.#lookedAt = performance.now();
    });
    return this.#rest = rest;
  }
}

/** The one of this event loop. */
export const commandPace = new CommandPace();
