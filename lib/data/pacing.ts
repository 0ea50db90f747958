/**
 * All transfers of one event loop together, so that they leave time for other sessions.
 *
 * Sockets of fast peers are always ready, so their transfers keep the event loop busy without ever polling for new
 * work: a NOOP of another session then waits for tens of milliseconds, next to one transfer as well as next to four. So
 * all of them pause after every megabyte until the loop has polled its sockets. The megabyte is booked before it moves,
 * so that it is a megabyte for any number of transfers.
 *
 * A poll costs 15 µs of processor time, during which the transfers stand still. If every session is busy with a
 * transfer of its own, only newcomers and aborts wait, and the pauses are few.
 *
 * Measured alternately on two shared processors with other load, p99 of a NOOP: next to one download 12 ms without
 * pauses and 1.3 ms with them, at the same speed; next to four 1.5 ms with pieces of a quarter of a megabyte, 3 ms with
 * whole ones.
 *
 * @module
 */

import { SocketPoll } from "./socket_poll.ts";

const MIB = 1024 * 1024;

/** Bytes between two pauses while other sessions wait for commands: less than a millisecond of work. */
const PACE_IN_COMPANY = MIB;
/** Bytes between two pauses otherwise: about five milliseconds. */
const PACE_ALONE = 16 * MIB;
/**
 * Most bytes of a piece while several transfers share the processors with sessions that wait for commands. Also if the
 * commands are those of other threads: with two processors and four downloads in a thread of their own, a command
 * waited 0.8 to 1.2 ms next to pieces of this size and 2.8 to 3.4 ms next to pieces of 1 MiB (p99).
 */
const PIECE_IN_COMPANY = MIB / 4;

/** Counts sessions, transfers and the bytes they move. */
export class Pacer {
  #sessions = 0;
  #runs = 0;
  #booked = 0;
  #servesOthers = false;
  #rest: Promise<void> | undefined;
  readonly #pass = new SocketPoll();

  /** This event loop has only transfers: the sessions that wait for commands are in another thread. */
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

  /** A transfer begins. */
  enter(): void {
    this.#runs++;
  }

  /** A transfer ends. The last one leaves nothing open. */
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

  /**
   * Asks to move `bytes`. `undefined`: now, and they are counted. A promise, which never rejects: ask again when it
   * resolves.
   */
  turn(bytes: number): Promise<void> | undefined {
    if (this.#rest) return this.#rest;
    this.#booked += bytes;
    if (this.#booked >= (this.#inCompany ? PACE_IN_COMPANY : PACE_ALONE)) this.#beginRest();
    return undefined;
  }

  /** Whether there are sessions without a transfer, which may send commands. */
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

/** The pacer of this event loop. */
export const traffic = new Pacer();
