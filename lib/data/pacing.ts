/**
 * All transfers of one event loop at once, so that together they leave time for everybody else.
 *
 * Sockets of fast peers are always ready, so their transfers keep the event loop turning without ever looking for new work: a NOOP of
 * another session then waits for tens of milliseconds, beside one transfer as beside four. So all of them rest after every megabyte until
 * the loop has looked at its sockets. The megabyte is booked before it moves, so that it is a megabyte for any number of transfers.
 *
 * A look costs 15 µs of processor time, and the transfers stand still meanwhile. Where every session is busy with a transfer of its own
 * nobody waits but newcomers and those who abort, and the rests are few.
 *
 * Measured in turns on two shared processors with other work beside, p99 of a NOOP: beside one download 12 ms without rests and 1.3 ms
 * with them, at the same speed; beside four 1.5 ms with pieces of a quarter of a megabyte, 3 ms with whole ones.
 *
 * @module
 */

import { SocketPoll } from "./socket_poll.ts";

const MIB = 1024 * 1024;

/** Bytes between two rests while somebody waits for commands: less than a millisecond of work. */
const PACE_IN_COMPANY = MIB;
/** Bytes between two rests otherwise: some five milliseconds. */
const PACE_ALONE = 16 * MIB;
/**
 * Most bytes of a piece while several transfers and somebody who waits for commands share the processors. Also where the commands are
 * those of other threads: with two processors and four downloads in a thread of their own, a command waited 0.8 to 1.2 ms beside pieces of
 * this size and 2.8 to 3.4 ms beside pieces of 1 MiB (p99).
 */
const PIECE_IN_COMPANY = MIB / 4;

/** Counts sessions, runs of the pump and what they move. */
export class Pacer {
  #sessions = 0;
  #runs = 0;
  #booked = 0;
  #servesOthers = false;
  #rest: Promise<void> | undefined;
  readonly #pass = new SocketPoll();

  /** Here are transfers alone: whoever waits for commands does so in another thread. */
  serveOthers(): void {
    this.#servesOthers = true;
  }

  /** A session begins. */
  arrive(): void {
    this.#sessions++;
  }

  /** A session ends. */
  depart(): void {
    this.#sessions--;
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
    this.#booked = 0;
  }

  /** Most bytes that one transfer should move at once. */
  get largestPiece(): number {
    return this.#runs > 1 && (this.#inCompany || this.#servesOthers) ? PIECE_IN_COMPANY : Infinity;
  }

  /** Asks to move `bytes`. `undefined`: now, and they are booked. A promise, which never rejects: ask again when it resolves. */
  turn(bytes: number): Promise<void> | undefined {
    if (this.#rest) return this.#rest;
    this.#booked += bytes;
    if (this.#booked >= (this.#inCompany ? PACE_IN_COMPANY : PACE_ALONE)) this.#beginRest();
    return undefined;
  }

  /** Whether there are sessions that move nothing, and so may say something. */
  get #inCompany(): boolean {
    return this.#sessions > this.#runs;
  }

  #beginRest(): void {
    this.#booked = 0;
    const rest = this.#pass.wait().then(() => {
      if (this.#rest === rest) this.#rest = undefined;
    });
    this.#rest = rest;
  }
}

/** The one of this event loop. */
export const traffic = new Pacer();
