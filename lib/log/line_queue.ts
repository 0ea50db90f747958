/**
 * Lines on their way to a file or a pipe, which may be slow, full, or without a reader: writing a line never waits.
 *
 * @module
 */

import { delay } from "@std/async/delay";

/** Writes some of the bytes and resolves to their number, like `write` of a `Deno.FsFile`. */
export type LineWriter = (bytes: Uint8Array) => Promise<number>;

/** The options of a {@link LineQueue}. */
export interface LineQueueOptions {
  /** The most characters that wait, including those being written. Default 1 Mi: about 10,000 lines of the log. */
  readonly limit?: number;
  /** Reports a number of lost lines. Called when there is room again, to write a line about it. */
  readonly onLost?: (lines: number) => void;
}

/**
 * Characters per write: each completed write shows that there is a reader. A longer line is written alone. As many do
 * not wait for others.
 */
const PIECE = 64 * 1024;
/** Milliseconds without a sign of a reader after which the queue stops waiting for one. */
const PATIENCE = 3000;
/** Milliseconds until the next attempt if another process shares its non-blocking pipe with us. */
const RETRY = 20;
/**
 * Milliseconds between two writes, in which lines are collected: a write goes to another thread and back, which costs
 * more than a line.
 */
const COLLECTING = 5;

const encoder = new TextEncoder();

/** A line, and how many lines are lost with it: more than one if it reports lost ones. */
interface Waiting {
  readonly line: string;
  readonly counts: number;
}

/** A bounded queue that is written in the background. Lines that do not fit, or cannot be written, are counted. */
export class LineQueue implements AsyncDisposable {
  readonly #writer: LineWriter;
  readonly #limit: number;
  readonly #onLost: ((lines: number) => void) | undefined;
  #waiting: Waiting[] = [];
  /** Characters in the queue and being written. */
  #size = 0;
  #lost = 0;
  /** Set while {@link LineQueueOptions.onLost} writes: the number of lines it reports. */
  #telling: number | undefined;
  /** The last write ended within a line. */
  #torn = false;
  #writing: Promise<void> | undefined;
  /** The number of successful writes. */
  #written = 0;
  /** Ends the pause between two writes. */
  #hurry: (() => void) | undefined;
  /** Something waits for the last line. */
  #settling = 0;
  /** To be run between two writes. */
  #redirections: (() => void)[] = [];

  constructor(writer: LineWriter, { limit = 1024 * 1024, onLost }: LineQueueOptions = {}) {
    this.#writer = writer;
    this.#limit = limit;
    this.#onLost = onLost;
  }

  /** Queues one whole line with its line end, or counts it as lost. */
  write(line: string): void {
    if (this.#telling === undefined) {
      if (this.#size + line.length > this.#limit) {
        this.#lost++;
        return;
      }
      this.#tellLost();
    }
    this.#waiting.push({ line, counts: this.#telling ?? 1 });
    this.#size += line.length;
    if (this.#size >= PIECE) this.#hurry?.();
    this.#writing ??= this.#writeOut();
  }

  /**
   * Runs `act` between two writes: it may change where the writer writes, and no line is in two places. Resolves when
   * it has run.
   */
  redirect(act: () => void): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#redirections.push(() => {
      act();
      // Nothing has been written there.
      this.#torn = false;
      resolve();
    });
    if (!this.#writing) this.#runRedirections();
    return promise;
  }

  #runRedirections(): void {
    for (const redirect of this.#redirections.splice(0)) redirect();
  }

  /** Resolves when everything is written, or when nothing has been read for three seconds. */
  async settle(): Promise<void> {
    this.#settling++;
    this.#hurry?.();
    try {
      while (this.#writing) {
        const before = this.#written;
        const { promise, resolve } = Promise.withResolvers<boolean>();
        const timer = setTimeout(() => resolve(true), PATIENCE);
        const late = await Promise.race([this.#writing.then(() => false), promise]);
        clearTimeout(timer);
        if (late && this.#written === before) return;
      }
    } finally {
      this.#settling--;
    }
  }

  /** {@link settle} */
  [Symbol.asyncDispose](): Promise<void> {
    return this.settle();
  }

  async #writeOut(): Promise<void> {
    // The lines of one turn are written together.
    await undefined;
    do {
      while (this.#waiting.length > 0) {
        this.#runRedirections();
        await this.#writeSome();
      }
      this.#runRedirections();
      if (this.#settling === 0) await this.#collect();
    } while (this.#waiting.length > 0);
    this.#writing = undefined;
    this.#runRedirections();
  }

  /** Waits for more lines: for {@link COLLECTING}, until there are many, or until somebody waits for the last one. */
  async #collect(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, COLLECTING);
    this.#hurry = resolve;
    await promise;
    clearTimeout(timer);
    this.#hurry = undefined;
  }

  async #writeSome(): Promise<void> {
    const batch = this.#take();
    const text = batch.map(({ line }) => line).join("");
    try {
      await this.#send(encoder.encode(this.#torn ? `\n${text}` : text));
      this.#size -= text.length;
      if (this.#waiting.length === 0) this.#tellLost();
    } catch {
      // A full disk, or a pipe whose reader has gone: neither may stop the server. The next line is the next attempt.
      this.#size -= text.length;
      for (const { counts } of batch) this.#lost += counts;
    }
  }

  /** The next lines, as many as fit into one write. */
  #take(): Waiting[] {
    let size = 0;
    let count = 0;
    for (const { line } of this.#waiting) {
      if (count > 0 && size + line.length > PIECE) break;
      size += line.length;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      try {
        sent += await this.#writer(bytes.subarray(sent));
        this.#written++;
        this.#torn = sent < bytes.length;
      } catch (error) {
        if (!(error instanceof Deno.errors.WouldBlock)) throw error;
        await delay(RETRY);
      }
    }
  }

  #tellLost(): void {
    if (this.#lost === 0) return;
    this.#telling = this.#lost;
    this.#lost = 0;
    this.#onLost?.(this.#telling);
    this.#telling = undefined;
  }
}
