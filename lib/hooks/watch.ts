/**
 * The watch on a sandbox: it is asked again and again how much memory it has, and must answer. While it does not, the
 * memory of this process is looked at instead, for the runtime cannot bound that of a thread: one that fills its heap
 * ends the whole process.
 *
 * @module
 */

import type { Sandbox } from "./sandbox.ts";

/** Milliseconds between two questions, and between two looks while there is no answer. */
const CALM = 200;
const ALERT = 20;

/** The options of a {@link Watch}. */
export interface WatchOptions {
  readonly sandbox: Sandbox;
  /** Milliseconds without an answer, and bytes. */
  readonly timeout: number;
  readonly memory: number;
  /** Called once, with what is wrong, and whether it does not listen any more. */
  readonly onExcess: (reason: string, isBlocked: boolean) => void;
}

/** Watches until it is disposed of. */
export class Watch implements Disposable {
  readonly #options: WatchOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looks = 0;
  #rss = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#ask();
  }

  /** The answer: it has so many bytes. @returns whether it was asked. */
  pong(bytes: number): boolean {
    if (this.#looks === 0) return false;
    this.#looks = 0;
    const { memory, onExcess } = this.#options;
    clearTimeout(this.#timer);
    if (bytes > memory) onExcess(`it has ${inMiB(bytes)} of memory, and may have ${inMiB(memory)}`, false);
    else this.#timer = setTimeout(() => this.#ask(), CALM);
    return true;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#looks = 0;
  }

  #ask(): void {
    this.#looks = 1;
    this.#rss = Deno.memoryUsage().rss;
    this.#options.sandbox.send({ type: "ping" });
    this.#timer = setTimeout(() => this.#look(), ALERT);
  }

  /** Looks are counted, not milliseconds: a server that was busy or suspended must not take it for the sandbox. */
  #look(): void {
    const { sandbox, timeout, memory, onExcess } = this.#options;
    this.#looks++;
    if (this.#looks * ALERT > timeout) return onExcess(`it has not answered for ${timeout} ms`, true);
    const grown = sandbox.isInside ? Deno.memoryUsage().rss - this.#rss : 0;
    if (grown > memory) return onExcess(`memory has grown by ${inMiB(grown)} while it did not answer`, true);
    this.#timer = setTimeout(() => this.#look(), ALERT);
  }
}

function inMiB(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
