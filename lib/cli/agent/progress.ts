/**
 * Bars on a terminal: one for each file that moves, and one for the whole job.
 *
 * @module
 */

// @ts-types="@types/cli-progress"
import cliProgress from "cli-progress";
import type { JobEvent } from "../../agent/job/events.ts";
import { printable } from "../../client/names.ts";
import { showSize } from "./values.ts";

/** Characters of a name. */
const NAME_WIDTH = 28;
/** Milliseconds until a file gets a bar of its own: most are over by then, and bars that come and go only flicker. */
const BAR_AFTER = 300;
const FORMAT = "{name} [{bar}] {percentage}% {done}/{all} {rate}";

interface Running {
  readonly startedAt: number;
  readonly size: number | undefined;
  bar?: cliProgress.SingleBar;
  bytes: number;
}

/** Draws on standard error. Nothing is drawn before the first file has moved for a moment. */
export class ProgressBars {
  readonly #bars = new cliProgress.MultiBar({
    format: FORMAT,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    barsize: 24,
    fps: 5,
    gracefulExit: false,
    emptyOnZero: true,
  }, cliProgress.Presets.shades_classic);
  readonly #running = new Map<string, Running>();
  readonly #startedAt = performance.now();
  #job: cliProgress.SingleBar | undefined;
  #expected = { files: 0, bytes: 0 };
  #finished = { files: 0, bytes: 0 };
  #isStopped = false;

  /** How much there is to do. */
  expect(files: number, bytes: number): void {
    this.#expected = { files, bytes };
  }

  /** Draws what `event` changes. */
  event(event: JobEvent): void {
    switch (event.event) {
      case "start":
        this.#running.set(event.path, { startedAt: performance.now(), size: event.size, bytes: 0 });
        break;
      case "progress":
        this.#advance(event.path, event.bytes);
        break;
      case "transferred":
        this.#end(event.path, event.bytes);
        break;
      case "failed":
        this.#end(event.path, 0);
        break;
    }
  }

  /** Runs `write` with the bars out of the way. */
  above(write: () => void): void {
    this.pause();
    write();
  }

  /** Takes the bars from the screen; the next event draws them again. */
  pause(): void {
    if (this.#job === undefined) return;
    this.#bars.stop();
    this.#job = undefined;
    for (const running of this.#running.values()) delete running.bar;
  }

  /** Takes the bars from the screen for good, and shows the cursor. */
  stop(): void {
    this.#isStopped = true;
    this.pause();
  }

  #advance(path: string, bytes: number): void {
    const running = this.#running.get(path);
    if (!running || this.#isStopped) return;
    running.bytes = bytes;
    const elapsed = performance.now() - running.startedAt;
    if (elapsed < BAR_AFTER) return;
    const { size } = running;
    this.#drawJob();
    running.bar ??= this.#bars.create(size ?? 0, 0, payloadOf(path, 0, size, 0));
    running.bar.update(bytes, payloadOf(path, bytes, size, bytes / elapsed));
  }

  #end(path: string, bytes: number): void {
    const running = this.#running.get(path);
    this.#running.delete(path);
    this.#finished = { files: this.#finished.files + 1, bytes: this.#finished.bytes + bytes };
    if (running?.bar) this.#bars.remove(running.bar);
    if (this.#job) this.#drawJob();
  }

  #drawJob(): void {
    const { files, bytes } = this.#expected;
    if (files < 2) {
      // The bar of the only file says it all; this one marks that something is drawn.
      this.#job ??= this.#bars.create(0, 0, payloadOf("", 0, undefined, 0));
      return;
    }
    const moved = this.#finished.bytes + this.#running.values().reduce((sum, running) => sum + running.bytes, 0);
    const rate = moved / (performance.now() - this.#startedAt);
    const left = rate > 0 ? Math.round((bytes - moved) / rate / 1000) : 0;
    const payload = payloadOf(`${this.#finished.files} of ${files} files`, moved, bytes, rate);
    this.#job ??= this.#bars.create(bytes, 0, payload);
    this.#job.update(moved, { ...payload, rate: `${payload.rate} ${left} s left` });
  }
}

/** `rate` in bytes a millisecond. */
function payloadOf(path: string, bytes: number, size: number | undefined, rate: number) {
  const name = printable(path);
  return {
    name: (name.length > NAME_WIDTH ? `…${name.slice(1 - NAME_WIDTH)}` : name).padEnd(NAME_WIDTH),
    done: showSize(bytes),
    all: size === undefined ? "?" : showSize(size),
    rate: `${showSize(Math.round(rate * 1000))}/s`,
  };
}
