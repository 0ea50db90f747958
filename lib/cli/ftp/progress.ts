/**
 * The bar of the transfer that runs, and what is written meanwhile.
 *
 * @module
 */

import type { Progress } from "../../shell/ports.ts";
import { ProgressBars } from "../agent/progress.ts";

/** Draws at most one transfer at a time. */
export class ShellProgress {
  #bars: ProgressBars | undefined;

  /** Begins a bar. */
  readonly begin = (path: string, size: number | undefined): Progress => {
    const bars = new ProgressBars();
    this.#bars = bars;
    bars.event({ event: "start", action: "get", path, size });
    return {
      update: (bytes) => bars.event({ event: "progress", path, bytes }),
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
