/**
 * Listings being sent: text that is made in batches becomes a source of bytes, and is made no faster than it is sent.
 *
 * @module
 */

import type { ByteSource } from "../vfs/vfs.ts";

/** A batch of a producer: any part of the text, as one string or as several in order, or bytes. */
export type TextBatch = string | readonly string[] | Uint8Array;

/**
 * Reads batches as bytes, text in UTF-8. It holds one batch at a time and requests the next when that one is used up.
 */
export class TextSource implements ByteSource {
  readonly #batches: AsyncIterator<TextBatch>;
  readonly #encoder = new TextEncoder();
  /** The rest of the batch: text, or bytes that need no conversion. */
  #text = "";
  #bytes: Uint8Array = new Uint8Array(0);
  #ended = false;

  constructor(batches: AsyncIterable<TextBatch>) {
    this.#batches = batches[Symbol.asyncIterator]();
  }

  /** Fills `buffer` from as many batches as needed. Rejects with the error of the producer. */
  async read(buffer: Uint8Array): Promise<number | null> {
    let filled = this.#drain(buffer);
    while (filled < buffer.length && this.#isDrained && !this.#ended) {
      const { done, value } = await this.#batches.next();
      if (done) {
        this.#ended = true;
        break;
      }
      if (value instanceof Uint8Array) this.#bytes = value;
      else this.#text = typeof value === "string" ? value : value.join("");
      filled += this.#drain(filled === 0 ? buffer : buffer.subarray(filled));
    }
    return filled > 0 || this.#isDrained ? filled || null : this.#splitCharacter(buffer);
  }

  /** Ends the producer, which releases what it holds. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    // An error of the producer's clean-up is of no interest: the listing has ended.
    this.#batches.return?.().catch(() => {});
  }

  get #isDrained(): boolean {
    return this.#text === "" && this.#bytes.length === 0;
  }

  /** Moves the rest of the batch to the start of `buffer`, as much as fits. */
  #drain(buffer: Uint8Array): number {
    if (this.#bytes.length > 0) {
      const part = this.#bytes.subarray(0, buffer.length);
      buffer.set(part);
      this.#bytes = this.#bytes.subarray(part.length);
      return part.length;
    }
    if (this.#text === "") return 0;
    const { read, written } = this.#encoder.encodeInto(this.#text, buffer);
    this.#text = this.#text.slice(read);
    return written;
  }

  /** A buffer smaller than the next character still gets a byte. */
  #splitCharacter(buffer: Uint8Array): number {
    const character = String.fromCodePoint(this.#text.codePointAt(0) ?? 0);
    this.#bytes = this.#encoder.encode(character);
    const written = this.#drain(buffer);
    this.#text = this.#text.slice(character.length);
    return written;
  }
}
