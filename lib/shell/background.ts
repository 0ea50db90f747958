/**
 * Commands that run while the prompt is there for others: `COMMAND &` and the queue.
 *
 * @module
 */

import type { Person } from "./ports.ts";
import { Interrupted } from "./errors.ts";
import { explain } from "./explain.ts";
import { sizeText } from "./listing.ts";

/** A command in the background. */
export interface BackgroundJob {
  readonly id: number;
  /** As it was typed. */
  readonly line: string;
  /** Bytes that have moved. */
  readonly bytes: number;
}

interface Running {
  readonly id: number;
  readonly line: string;
  readonly abort: AbortController;
  readonly moved: Map<string, number>;
  done: Promise<void>;
}

/** The commands that run in the background, and what they have to say. */
export class Background {
  readonly #running = new Map<number, Running>();
  #notices: string[] = [];
  #lastId = 0;

  /** Those that run, the oldest first. */
  get jobs(): readonly BackgroundJob[] {
    return Array.from(this.#running.values(), ({ id, line, moved }) => ({
      ...{ id, line },
      bytes: moved.values().reduce((sum, bytes) => sum + bytes, 0),
    }));
  }

  /** Begins `work`. Returns its number. */
  start(line: string, work: (person: Person, signal: AbortSignal) => Promise<void>): number {
    const id = ++this.#lastId;
    const running: Running = { id, line, abort: new AbortController(), moved: new Map(), done: Promise.resolve() };
    this.#running.set(id, running);
    running.done = this.#follow(running, work(this.#personOf(running), running.abort.signal));
    return id;
  }

  /** Stops a command. Returns whether there was one. */
  stop(id: number): boolean {
    const running = this.#running.get(id);
    running?.abort.abort(new Interrupted());
    return running !== undefined;
  }

  /** Stops all of them, and waits for their ends. */
  async stopAll(): Promise<void> {
    for (const id of this.#running.keys()) this.stop(id);
    await Promise.all(this.#running.values().map(({ done }) => done));
  }

  /** Resolves when none runs any more. Rejects with the reason of the signal. */
  async wait(signal: AbortSignal): Promise<void> {
    const { promise, reject } = Promise.withResolvers<never>();
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    try {
      signal.throwIfAborted();
      while (this.#running.size > 0) {
        await Promise.race([promise, ...this.#running.values().map(({ done }) => done)]);
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** What they have said since the last call: shown where it tears no line that is being typed. */
  takeNotices(): readonly string[] {
    const notices = this.#notices;
    this.#notices = [];
    return notices;
  }

  async #follow({ id, line, moved }: Running, work: Promise<void>): Promise<void> {
    try {
      await work;
      const bytes = moved.values().reduce((sum, each) => sum + each, 0);
      this.#notices.push(`[${id}] done: ${line}${bytes > 0 ? `, ${sizeText(bytes, true)}B` : ""}`);
    } catch (error) {
      const reason = error instanceof Interrupted ? "stopped" : `failed: ${explain(error).message}`;
      this.#notices.push(`[${id}] ${reason}: ${line}`);
    } finally {
      this.#running.delete(id);
    }
  }

  /** Nobody who could answer, and whose notes wait. */
  #personOf({ id, moved }: Running): Person {
    return {
      ...{ isInteractive: false, isTerminal: false, hasColours: false, columns: 80 },
      write: () => Promise.resolve(),
      note: (line) => void this.#notices.push(`[${id}] ${line}`),
      ask: () => Promise.resolve(undefined),
      askSecret: () => Promise.resolve(undefined),
      progress: (name) => ({ update: (bytes) => void moved.set(name, bytes), end: () => {} }),
      watch: () => ({
        expect: () => {},
        event: (event) => {
          if (event.event === "progress" || event.event === "transferred") moved.set(event.path, event.bytes);
        },
        end: () => {},
      }),
    };
  }
}
