/**
 * The order in which the commands of a session run: one after the other, except that urgent ones do not wait for a running transfer. It
 * knows neither the connection nor what commands do.
 *
 * @module
 */

import type { CommandLine } from "../protocol/command_line.ts";
import type { Reply } from "../protocol/reply.ts";
import type { SessionTransfer } from "./transfer.ts";

/** What waits for its turn: a command, or the answer to a line that is none. */
export type QueuedCommand = CommandLine | { readonly refusal: Reply };

/** Whoever performs what has its turn. */
export interface CommandRunner {
  /** Nothing more is to be performed. */
  readonly closing: boolean;
  /**
   * The transfer that the command begins, if it is one or takes as long: other commands are read then, and wait for its
   * end.
   */
  transferOf(command: CommandLine): SessionTransfer | undefined;
  /** Performs a command up to its final reply. Rejects when the control connection is gone. */
  run(command: CommandLine): Promise<void>;
  refuse(refusal: Reply): void;
  /** The transfer is over, its final reply on its way. */
  transferEnded(command: CommandLine): void;
  /** Nothing has its turn any more, for now. */
  rested(): void;
  /** Replies to what ran behind a transfer are to be sent. Rejects when the control connection is gone. */
  flush(): Promise<void> | undefined;
  /** Asked before each command. A promise: not yet, ask again when it resolves. Rejects when the control connection is gone. */
  pace(): Promise<void> | undefined;
  /** The control connection is gone. */
  lost(): void;
}

/** The queue of one session. */
export class CommandQueue {
  readonly #performer: CommandRunner;
  readonly #queue: QueuedCommand[] = [];
  #transfer: SessionTransfer | undefined;
  /** A run over the queue is under way; `#running` is its end. */
  #busy = false;
  #running: Promise<void> | undefined;
  #aside = false;
  /** An urgent command is under way: the queue waits until it is answered. */
  #interrupting = false;

  constructor(performer: CommandRunner) {
    this.#performer = performer;
  }

  /** The transfer that is under way. */
  get transfer(): SessionTransfer | undefined {
    return this.#transfer;
  }

  /** Whether a command from the queue is under way, other than a transfer. */
  get busy(): boolean {
    return this.#busy;
  }

  /** The queue runs behind a transfer, and not on behalf of the reading loop. */
  get aside(): boolean {
    return this.#aside;
  }

  /** How many wait. */
  get length(): number {
    return this.#queue.length;
  }

  /** Whether a command waits of which `matches` is true. */
  awaits(matches: (command: CommandLine) => boolean): boolean {
    return this.#queue.some((turn) => "verb" in turn && matches(turn));
  }

  add(turn: QueuedCommand): void {
    this.#queue.push(turn);
  }

  /** Forgets what waits. */
  clear(): void {
    this.#queue.length = 0;
  }

  /** Performs what waits until there is nothing more, or a transfer has begun. Asked again meanwhile, it gives the same promise. */
  advance(): Promise<void> | undefined {
    if (this.#busy) return this.#running;
    if (this.#queue.length === 0 || this.#transfer || this.#interrupting) return undefined;
    this.#busy = true;
    this.#running = this.#performAll();
    return this.#running;
  }

  /** Resolves when no command from the queue is under way. */
  async settled(): Promise<void> {
    await this.#running?.catch(() => {});
  }

  /** Performs an urgent command now. The answers to ABOR come right behind each other, whatever waits behind the transfer. */
  async interrupt(command: CommandLine): Promise<void> {
    this.#interrupting = true;
    try {
      await this.#performer.pace();
      await this.#performer.run(command);
    } finally {
      this.#interrupting = false;
      if (!this.#transfer) this.#performer.rested();
    }
  }

  async #performAll(): Promise<void> {
    try {
      while (!this.#performer.closing && !this.#transfer) {
        const pause = this.#performer.pace();
        if (pause) {
          await pause;
          continue;
        }
        const turn = this.#queue.shift();
        if (!turn) return;
        if ("refusal" in turn) {
          this.#performer.refuse(turn.refusal);
          continue;
        }
        const transfer = this.#performer.transferOf(turn);
        if (transfer) this.#beginTransfer(turn, transfer);
        else await this.#performer.run(turn);
      }
    } finally {
      this.#busy = false;
      this.#performer.rested();
    }
  }

  /** Lets the reading go on; the queue is taken up again when the final reply is on its way. */
  #beginTransfer(command: CommandLine, transfer: SessionTransfer): void {
    this.#transfer = transfer;
    this.#performer.run(command).catch(() => this.#performer.lost()).finally(() => {
      this.#transfer = undefined;
      this.#performer.transferEnded(command);
      transfer.finish();
      // The reply to ABOR comes behind the transfer's own, and is part of it.
      if (!this.#interrupting) this.#performer.rested();
      this.#resume();
    });
  }

  #resume(): void {
    this.#aside = true;
    Promise.resolve(this.advance()).then(() => {
      this.#aside = false;
      return this.#performer.flush();
    }).catch(() => this.#performer.lost());
  }
}
