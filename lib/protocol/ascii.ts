/**
 * TYPE A: converts line ends between files (LF) and the network (CR LF), wherever the stream is split.
 *
 * @module
 */

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = new Uint8Array(0);

/** One direction of the conversion, fed in order. */
export interface AsciiConverter {
  /** Converts the next piece. The result is `chunk` itself, or a view that the next call overwrites. */
  convert(chunk: Uint8Array): Uint8Array;
  /** The bytes held back, once the stream has ended. */
  flush(): Uint8Array;
}

/**
 * LF becomes CR LF; CR LF stays, so that files from Windows are not damaged; a lone CR stays. At most doubles the
 * length.
 */
export class ToNetworkAscii implements AsciiConverter {
  #afterCr = false;
  #buffer = NOTHING;

  convert(chunk: Uint8Array): Uint8Array {
    if (chunk.length === 0) return chunk;
    const afterCr = this.#afterCr;
    this.#afterCr = chunk.at(-1) === CR;
    const first = indexOfBareLf(chunk, afterCr);
    if (first === -1) return chunk;
    const longest = first + 2 * (chunk.length - first);
    if (this.#buffer.length < longest) this.#buffer = new Uint8Array(longest);
    // Byte by byte: lines of text are so short that copying whole runs is two to four times slower.
    const converted = this.#buffer;
    converted.set(chunk.subarray(0, first));
    let length = first;
    let previous = 0;
    for (let index = first; index < chunk.length; index++) {
      const byte = chunk[index]!;
      if (byte === LF && previous !== CR) converted[length++] = CR;
      converted[length++] = byte;
      previous = byte;
    }
    return converted.subarray(0, length);
  }

  flush(): Uint8Array {
    this.#afterCr = false;
    return NOTHING;
  }
}

/** CR LF becomes LF; a lone CR or LF stays. A CR at the end of a piece is held back until the next one. */
export class FromNetworkAscii implements AsciiConverter {
  #heldCr = false;
  #buffer = NOTHING;

  convert(chunk: Uint8Array): Uint8Array {
    if (chunk.length === 0) return chunk;
    const first = this.#heldCr ? 0 : chunk.indexOf(CR);
    if (first === -1) return chunk;
    if (this.#buffer.length <= chunk.length) this.#buffer = new Uint8Array(chunk.length + 1);
    const converted = this.#buffer;
    converted.set(chunk.subarray(0, first));
    let length = first;
    let held = this.#heldCr;
    for (let index = first; index < chunk.length; index++) {
      const byte = chunk[index]!;
      if (held && byte !== LF) converted[length++] = CR;
      held = byte === CR;
      if (!held) converted[length++] = byte;
    }
    this.#heldCr = held;
    return converted.subarray(0, length);
  }

  flush(): Uint8Array {
    if (!this.#heldCr) return NOTHING;
    this.#heldCr = false;
    return Uint8Array.of(CR);
  }
}

/** Counts the bytes that {@link ToNetworkAscii} would return, for SIZE in TYPE A (RFC 3659 section 4). */
export class NetworkAsciiLength {
  #length = 0;
  #afterCr = false;

  /** Converted length of everything added so far. */
  get length(): number {
    return this.#length;
  }

  /** Adds the next piece of the file. */
  add(chunk: Uint8Array): void {
    let previous = this.#afterCr ? CR : 0;
    let bare = 0;
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index]!;
      if (byte === LF && previous !== CR) bare++;
      previous = byte;
    }
    this.#afterCr = previous === CR;
    this.#length += chunk.length + bare;
  }
}

function indexOfBareLf(chunk: Uint8Array, afterCr: boolean): number {
  let index = chunk.indexOf(LF);
  while (index !== -1 && (index === 0 ? afterCr : chunk[index - 1] === CR)) index = chunk.indexOf(LF, index + 1);
  return index;
}
