/**
 * Bars on a terminal: one for the whole job, and one for each file that moves.
 *
 * @module
 */

import { counted } from "../../net/counted.ts";
import type { JobEvent } from "../../agent/job/events.ts";
import { printable } from "../../client/names.ts";
import { fitted, LiveLines, type LiveTerminal } from "./live_lines.ts";
import { showSize } from "./values.ts";

/** Milliseconds until a file gets a bar of its own: most are over by then, and bars that come and go only flicker. */
const BAR_AFTER = 300;
/** Milliseconds between two drawings. */
const DRAW_EVERY = 200;
/** Columns below which a part of a line is left out. */
const LEAST = { bar: 40, sizes: 52, rate: 64, left: 76 } as const;
const [LONGEST_NAME, LONGEST_BAR] = [28, 24];

/** Something that moves, or all of it. */
interface Progress {
  readonly startedAt: number;
  readonly size: number | undefined;
  /** Bytes of an earlier transfer, which say nothing about the rate. `undefined`: not known yet. */
  base: number | undefined;
  bytes: number;
}

/** Draws on standard error. Nothing is drawn before something has moved for a moment. */
export class ProgressBars {
  readonly #lines: LiveLines;
  readonly #now: () => number;
  readonly #running = new Map<string, Progress>();
  #expected: { readonly files: number; readonly bytes: number; readonly since: number } | undefined;
  #finished = { files: 0, bytes: 0, moved: 0 };
  #drawnAt = -Infinity;
  #isStopped = false;

  /** @param now milliseconds of a clock that never goes back. */
  constructor(terminal?: LiveTerminal, now: () => number = () => performance.now()) {
    this.#lines = new LiveLines(terminal);
    this.#now = now;
  }

  /** How much there is to do. */
  expect(files: number, bytes: number): void {
    this.#expected = { files, bytes, since: this.#now() };
    this.#finished = { files: 0, bytes: 0, moved: 0 };
  }

  /** Draws what `event` changes. */
  event(event: JobEvent): void {
    switch (event.event) {
      case "start":
        this.#running.set(event.path, { startedAt: this.#now(), size: event.size, base: undefined, bytes: 0 });
        return;
      case "progress":
        this.#advance(event.path, event.bytes);
        break;
      case "transferred":
        this.#end(event.path, event.bytes);
        break;
      case "failed":
        this.#end(event.path, 0);
        break;
      default:
        return;
    }
    this.#drawSometimes();
  }

  /** Runs `write` with the bars out of the way. */
  above(write: () => void): void {
    const wereShown = this.#lines.areShown;
    this.#lines.clear();
    write();
    if (wereShown && !this.#isStopped) this.#draw();
  }

  /** Takes the bars from the screen; a later event draws them again. */
  pause(): void {
    this.#lines.clear();
  }

  /** Takes the bars from the screen for good. */
  stop(): void {
    this.#isStopped = true;
    this.pause();
  }

  #advance(path: string, bytes: number): void {
    const running = this.#running.get(path);
    if (!running) return;
    running.base ??= Math.max(0, bytes - LARGEST_STEP);
    running.bytes = bytes;
  }

  #end(path: string, bytes: number): void {
    const moved = Math.max(0, bytes - (this.#running.get(path)?.base ?? 0));
    this.#running.delete(path);
    const { files, ...sums } = this.#finished;
    this.#finished = { files: files + 1, bytes: sums.bytes + bytes, moved: sums.moved + moved };
  }

  #drawSometimes(): void {
    if (this.#isStopped || this.#now() - this.#drawnAt < DRAW_EVERY) return;
    this.#draw();
  }

  #draw(): void {
    const now = this.#now();
    const lines = this.#running.entries()
      .filter(([, { startedAt }]) => now - startedAt >= BAR_AFTER)
      .map(([path, running]) => this.#line(printable(path), running)).toArray();
    const job = this.#job(now);
    if (job !== undefined) lines.unshift(job);
    if (lines.length === 0) return this.#lines.clear();
    this.#drawnAt = now;
    this.#lines.draw(lines);
  }

  /** The bar of the only file says it all. */
  #job(now: number): string | undefined {
    if (!this.#expected || this.#expected.files < 2 || now - this.#expected.since < BAR_AFTER) return undefined;
    const { files, bytes, since } = this.#expected;
    const { base, done } = this.#running.values().reduce(
      (sum, running) => ({ base: sum.base + (running.base ?? 0), done: sum.done + running.bytes }),
      { base: this.#finished.bytes - this.#finished.moved, done: this.#finished.bytes },
    );
    const job = { startedAt: since, size: bytes, base, bytes: done };
    return this.#line(`${this.#finished.files} of ${counted(files, "file")}`, job);
  }

  /** As much of a line as fits. */
  #line(name: string, { startedAt, size, base = 0, bytes }: Progress): string {
    const { width } = this.#lines;
    const rate = (bytes - base) / Math.max(1, this.#now() - startedAt) * 1000;
    const share = size === undefined ? undefined : size === 0 ? 1 : Math.min(1, bytes / size);
    const left = size === undefined || rate <= 0 ? undefined : Math.max(0, size - bytes) / rate;
    const parts = [
      (share === undefined ? "?" : `${Math.floor(share * 100)}%`).padStart(4),
      ...(width >= LEAST.sizes ? [`${showSize(bytes)}/${size === undefined ? "?" : showSize(size)}`.padStart(17)] : []),
      ...(width >= LEAST.rate ? [`${showSize(Math.round(rate))}/s`.padStart(10)] : []),
      ...(width >= LEAST.left ? [(left === undefined ? "" : `${showTime(left)} left`).padStart(11)] : []),
    ].join(" ");
    const room = width - parts.length - 1;
    if (width < LEAST.bar) return `${fitted(name, Math.max(1, room))} ${parts}`;
    const ofName = Math.min(LONGEST_NAME, Math.ceil(room / 2));
    return `${fitted(name, ofName)} ${barOf(share ?? 0, Math.min(LONGEST_BAR, room - ofName - 3))} ${parts}`;
  }
}

/** Bytes of the largest piece that arrives at once. */
const LARGEST_STEP = 256 * 1024;

function barOf(share: number, columns: number): string {
  const full = Math.round(share * columns);
  return `[${"█".repeat(full)}${"░".repeat(Math.max(0, columns - full))}]`;
}

/** `1:05`, `2:03:10`. */
function showTime(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, "0");
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${String(minutes).padStart(2, "0")}:${rest}`;
}
