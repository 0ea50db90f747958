/**
 * Ctrl-C while a command runs: the first ends the command, the second the program.
 *
 * @module
 */

import { Interrupted } from "../../shell/errors.ts";

/** Milliseconds after its end in which the signal that has ended a program may still be on its way to this process. */
const LATE = 500;

/** Milliseconds that an interrupted command has to end before somebody is told how to leave. */
const PATIENCE = 1_000;

/** What {@link Interrupts} do. */
export interface InterruptsOptions {
  /** Called for the second Ctrl-C: the process has to end at once. */
  readonly leave: () => void;
  /** Called when a command does not end at the first. */
  readonly onSlow: () => void;
}

/** Takes SIGINT until it is disposed of. */
export class Interrupts implements Disposable {
  readonly #options: InterruptsOptions;
  #running: AbortController | undefined;
  #isProgramRunning = false;
  /** When the last program of the system ended, by `performance.now()`. */
  #programEnded = -Infinity;
  #hasStray = false;
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor(options: InterruptsOptions) {
    this.#options = options;
    Deno.addSignalListener("SIGINT", this.#interrupt);
  }

  /** A program of the system has the terminal: Ctrl-C is for that. */
  set isProgramRunning(value: boolean) {
    if (this.#isProgramRunning && !value) this.#programEnded = performance.now();
    this.#isProgramRunning = value;
  }

  /** Whether Ctrl-C was pressed since the last call when nothing ran any more that it could have ended. */
  takeStray(): boolean {
    const had = this.#hasStray;
    this.#hasStray = false;
    return had;
  }

  /** Runs `work` with a signal that Ctrl-C aborts. */
  async during<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    const before = this.#running;
    this.#running = controller;
    try {
      return await work(controller.signal);
    } finally {
      clearTimeout(this.#patience);
      this.#running = before;
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#patience);
    Deno.removeSignalListener("SIGINT", this.#interrupt);
  }

  readonly #interrupt = (): void => {
    if (this.#isProgramRunning || performance.now() - this.#programEnded < LATE) return;
    if (this.#running?.signal.aborted) this.#options.leave();
    else if (this.#running) {
      this.#running.abort(new Interrupted());
      this.#patience = setTimeout(this.#options.onSlow, PATIENCE);
    } else this.#hasStray = true;
  };
}
