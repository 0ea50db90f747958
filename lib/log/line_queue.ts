/**
 * Lines on their way to a file or a pipe, which may be slow, full, or read by nobody: whoever has a line to write never waits.
 *
 * @module
 */

/** Where lines go. As `write` of a `Deno.FsFile`: takes some of the bytes. */
export type LineWriter = (bytes: Uint8Array) => Promise<number>;

/** How much a {@link LineQueue} keeps, and who hears of what it does not. */
export interface LineQueueOptions {
  /** Characters that wait at most, those under way among them. Default 1 Mi: some 10,000 lines of the log. */
  readonly limit?: number;
  /** So many lines were lost. Called when there is room again, to write a line about it. */
  readonly onLost?: (lines: number) => void;
}

/** Characters a write: each that ends shows that somebody reads. A line that is longer goes alone. */
const PIECE = 64 * 1024;
/** Milliseconds without a sign of a reader after which nobody waits for one any more. */
const PATIENCE = 3000;
/** Milliseconds until the next try where the other end shares its non-blocking pipe with us. */
const RETRY = 20;
/** Milliseconds between writes in which lines come together: a write is a way to another thread and back, and dearer than a line. */
const COLLECTING = 5;

const encoder = new TextEncoder();

/** A line, and how many lines are lost with it: more than itself where it is about lost ones. */
interface Waiting {
  readonly line: string;
  readonly counts: number;
}

/** A queue with a bound that is written out while whoever fills it goes on. What does not fit, or cannot be written, is counted. */
export class LineQueue implements AsyncDisposable {
  readonly #writer: LineWriter;
  readonly #limit: number;
  readonly #onLost: ((lines: number) => void) | undefined;
  #waiting: Waiting[] = [];
  /** Characters in the queue and under way. */
  #size = 0;
  #lost = 0;
  /** Set while {@link LineQueueOptions.onLost} writes: the lines that it is about. */
  #telling: number | undefined;
  /** The last thing written was a part of a line. */
  #torn = false;
  #writing: Promise<void> | undefined;
  /** Writes that have ended well. */
  #written = 0;

  constructor(writer: LineWriter, { limit = 1024 * 1024, onLost }: LineQueueOptions = {}) {
    this.#writer = writer;
    this.#limit = limit;
    this.#onLost = onLost;
  }

  /** Takes one whole line with its end, or loses it. */
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
    this.#writing ??= this.#writeOut();
  }

  /** Resolves when all is written, or when nobody has read anything for three seconds. */
  async settle(): Promise<void> {
    while (this.#writing) {
      const before = this.#written;
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const timer = setTimeout(() => resolve(true), PATIENCE);
      const late = await Promise.race([this.#writing.then(() => false), promise]);
      clearTimeout(timer);
      if (late && this.#written === before) return;
    }
  }

  /** {@link settle} */
  [Symbol.asyncDispose](): Promise<void> {
    return this.settle();
  }

  async #writeOut(): Promise<void> {
    // The lines of one turn go together.
    await undefined;
    do {
      while (this.#waiting.length > 0) await this.#writeSome();
      await pause(COLLECTING);
    } while (this.#waiting.length > 0);
    this.#writing = undefined;
  }

  async #writeSome(): Promise<void> {
    const batch = this.#take();
    const text = batch.map(({ line }) => line).join("");
    try {
      await this.#send(encoder.encode(this.#torn ? `\n${text}` : text));
      this.#size -= text.length;
      if (this.#waiting.length === 0) this.#tellLost();
    } catch {
      // A full disk, or a pipe whose reader has gone: neither must stop the server. The next line is the next try.
      this.#size -= text.length;
      for (const { counts } of batch) this.#lost += counts;
    }
  }

  /** The next lines, as many as go into one write. */
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
        await pause(RETRY);
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

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
