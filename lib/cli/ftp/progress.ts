/**
 * The bar of the transfer that runs, and what is written meanwhile.
 *
 * @module
 */

import type { JobWatch, Progress } from "../../shell/ports.ts";
import { ProgressBars } from "../agent/progress.ts";

/** Draws at most one command at a time. */
export class ShellProgress {
  #bars: ProgressBars | undefined;

  /** Begins the bar of one file. */
  readonly begin = (path: string, size: number | undefined): Progress => {
    const { event, end } = this.watch();
    event({ event: "start", action: "get", path, size });
    return { update: (bytes) => event({ event: "progress", path, bytes }), end };
  };

  /** Begins the bars of several files. */
  readonly watch = (): JobWatch => {
    const bars = new ProgressBars();
    this.#bars = bars;
    return {
      expect: (files, bytes) => bars.expect(files, bytes),
      event: (event) => bars.event(event),
      end: () => {
        bars.stop();
        if (this.#bars === bars) this.#bars = undefined;
      },
    };
  };

  /** Runs `write` with the bar out of the way. */
  above(write: () => void): void {
    if (this.#bars) this.#bars.above(write);
    else write();
  }

  /** Leaves the terminal as it was. */
  stop(): void {
    this.#bars?.stop();
  }
}
