/**
 * The order in which the commands of a session run: one after the other, except that urgent ones do not wait for a
 * running transfer. It knows neither the connection nor what commands do.
 *
 * @module
 */

import type { Command } from "../commands/command.ts";
import type { CommandLine } from "../protocol/line_reader.ts";
import type { Reply } from "../protocol/reply.ts";
import type { SessionTransfer } from "./transfer.ts";

/** Commands kept while a transfer runs; then reading pauses until it ends. */
const MOST_QUEUED = 128;
/** Commands that are taken before the first of them runs. */
const FEW = 16;

/** What waits for its turn: a command, or the answer to a line that is not one. */
export type QueuedCommand = CommandLine | { readonly refusal: Reply };

/** Runs what has its turn. */
export interface CommandRunner {
  /** Nothing more is to be run. */
  readonly closing: boolean;
  /** The client has said goodbye: nothing more is taken but urgent commands. */
  readonly quitting: boolean;
  /** Whether the command acts at once during a transfer. */
  urgencyOf(command: CommandLine): Command["urgent"];
  /**
   * The transfer that the command begins, if it is one or takes as long: other commands are read then, and wait for its
   * end.
   */
  transferOf(command: CommandLine): SessionTransfer | undefined;
  /** Runs a command up to its final reply. Rejects when the control connection is gone. */
  run(command: CommandLine): Promise<void>;
  /** Answers a line that is not a command. */
  refuse(refusal: Reply): void;
  /** The transfer is over, its final reply on its way. */
  transferEnded(transfer: SessionTransfer): void;
  /** Nothing is under way, for now. */
  rested(): void;
  /** Sends the replies to what ran after a transfer. Rejects when the control connection is gone. */
  flush(): Promise<void> | undefined;
  /**
   * Asked before each command. A promise: not yet, ask again when it resolves. Rejects when the control connection is
   * gone.
   */
  pace(): Promise<void> | undefined;
  /** Called after a transfer once nothing waits, and all replies are sent. */
  idle(): void;
  /** The control connection is gone. */
  lost(): void;
}

/** The queue of one session. */
export class CommandQueue {
  readonly #runner: CommandRunner;
  readonly #queue: QueuedCommand[] = [];
  #transfer: SessionTransfer | undefined;
  /** A run over the queue is under way; `#running` is its end, unless it comes at once. */
  #busy = false;
  #running: Promise<void> | undefined;
  #aside = false;
  /** How often {@link clear} was called. */
  #clearings = 0;
  /** An urgent command is under way: the queue waits until it is answered. */
  #interrupting = false;

  constructor(runner: CommandRunner) {
    this.#runner = runner;
  }

  /** The transfer that is under way. */
  get transfer(): SessionTransfer | undefined {
    return this.#transfer;
  }

  /** Whether a command from the queue is under way, other than a transfer. */
  get busy(): boolean {
    return this.#busy;
  }

  /** The queue runs because a transfer has ended, and not for the reading loop. */
  get aside(): boolean {
    return this.#aside;
  }

  /** Nothing waits, and nothing is under way: a new queue would do as well. */
  get isIdle(): boolean {
    return !this.#busy && !this.#transfer && !this.#aside && !this.#interrupting && this.#queue.length === 0;
  }

  /** How many wait. */
  get length(): number {
    return this.#queue.length;
  }

  /** Whether a command waits of which `matches` is true. */
  awaits(matches: (command: CommandLine) => boolean): boolean {
    return this.#queue.some((turn) => "verb" in turn && matches(turn));
  }

  /**
   * Takes what has arrived: an urgent command runs at once during a transfer, everything else waits for its turn. A
   * promise: nothing more is to be taken until it resolves. Rejects when the control connection is gone.
   */
  take(turn: QueuedCommand): Promise<void> | undefined {
    if ("refusal" in turn) return this.#add(turn);
    const urgent = this.#runner.urgencyOf(turn);
    return urgent ? this.#takeUrgent(turn, urgent) : this.#add(turn);
  }

  /** Forgets what waits. */
  clear(): void {
    this.#queue.length = 0;
    this.#clearings++;
  }

  /**
   * Runs what waits until there is nothing more, or a transfer has begun. Called again before that, it returns the same
   * promise.
   */
  advance(): Promise<void> | undefined {
    if (this.#busy) return this.#running;
    if (this.#queue.length === 0 || this.#transfer || this.#interrupting) return undefined;
    this.#busy = true;
    const running = this.#runAll();
    if (this.#busy) this.#running = running;
    return running;
  }

  /** Resolves when no command from the queue is under way. */
  async settled(): Promise<void> {
    await this.#running?.catch(() => {});
  }

  async #takeUrgent(command: CommandLine, urgent: NonNullable<Command["urgent"]>): Promise<void> {
    const clearings = this.#clearings;
    // What came before it in the same packet may be the very transfer that it is about.
    await this.advance();
    // It was AUTH: what followed it in clear is dropped.
    if (this.#clearings !== clearings) return;
    await (await this.#isUrgent(command, urgent) ? this.#interrupt(command) : this.#add(command));
  }

  async #isUrgent({ argument }: CommandLine, urgent: NonNullable<Command["urgent"]>): Promise<boolean> {
    const transfer = this.#transfer;
    if (!transfer || urgent === true) return transfer !== undefined;
    return await urgent(argument, { transfer, waiting: this.#queue.length }) && transfer === this.#transfer;
  }

  #add(turn: QueuedCommand): Promise<void> | undefined {
    if (this.#runner.quitting) return undefined;
    this.#queue.push(turn);
    if (this.#queue.length > MOST_QUEUED) return this.#runUntilTransferEnds();
    // A few at a time, so that of many commands only the bytes wait for their turn.
    return this.#queue.length % FEW === 0 ? this.advance() : undefined;
  }

  async #runUntilTransferEnds(): Promise<void> {
    await this.advance();
    await this.#runner.flush();
    await this.#transfer?.ended;
  }

  /**
   * Runs an urgent command now. The two answers to ABOR follow each other, whatever waits for the end of the transfer.
   */
  async #interrupt(command: CommandLine): Promise<void> {
    this.#interrupting = true;
    try {
      await this.#runner.pace();
      await this.#runner.run(command);
    } finally {
      this.#interrupting = false;
      if (!this.#transfer) this.#runner.rested();
    }
  }

  async #runAll(): Promise<void> {
    try {
      while (!this.#runner.closing && !this.#transfer) {
        const pause = this.#runner.pace();
        if (pause) {
          await pause;
          continue;
        }
        const turn = this.#queue.shift();
        if (!turn) return;
        if ("refusal" in turn) {
          this.#runner.refuse(turn.refusal);
          continue;
        }
        const transfer = this.#runner.transferOf(turn);
        if (transfer) this.#beginTransfer(turn, transfer);
        else await this.#runner.run(turn);
      }
    } finally {
      this.#busy = false;
      this.#running = undefined;
      this.#runner.rested();
    }
  }

  /** Reading goes on; the queue continues when the final reply is on its way. */
  #beginTransfer(command: CommandLine, transfer: SessionTransfer): void {
    this.#transfer = transfer;
    this.#runner.run(command).catch(() => this.#runner.lost()).finally(() => {
      this.#transfer = undefined;
      this.#runner.transferEnded(transfer);
      transfer.finish();
      // The reply to ABOR comes after the transfer's own, and belongs to it.
      if (!this.#interrupting) this.#runner.rested();
      this.#resume();
    });
  }

  #resume(): void {
    this.#aside = true;
    Promise.resolve(this.advance()).then(() => {
      this.#aside = false;
      return this.#runner.flush();
    }).then(() => this.#runner.idle(), () => this.#runner.lost());
  }
}
