/**
 * Ctrl-C while a command runs: the first ends the command, the second the program.
 *
 * @module
 */

import { Interrupted } from "../../shell/errors.ts";

/** Takes SIGINT until it is disposed of. */
export class Interrupts implements Disposable {
  readonly #leave: () => void;
  #running: AbortController | undefined;
  #isProgramRunning = false;
  #hasStray = false;

  /** @param leave called for the second Ctrl-C: the process has to end at once. */
  constructor(leave: () => void) {
    this.#leave = leave;
    Deno.addSignalListener("SIGINT", this.#interrupt);
  }

  /** A program of the system has the terminal: Ctrl-C is for that. */
  set isProgramRunning(value: boolean) {
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
      this.#running = before;
    }
  }

  [Symbol.dispose](): void {
    Deno.removeSignalListener("SIGINT", this.#interrupt);
  }

  readonly #interrupt = (): void => {
    if (this.#isProgramRunning) return;
    if (this.#running?.signal.aborted) this.#leave();
    else if (this.#running) this.#running.abort(new Interrupted());
    else this.#hasStray = true;
  };
}
