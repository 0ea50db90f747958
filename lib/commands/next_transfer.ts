/**
 * What REST, RANG and ALLO say about the next transfer. It counts once, and nothing else reads or clears it.
 *
 * @module
 */

/** The part of a file that a command is about. */
export interface FileRange {
  /** First byte, from REST or RANG. */
  readonly offset: number;
  /** Number of bytes, from RANG; `undefined`: all there are. */
  readonly length: number | undefined;
}

const WHOLE: FileRange = Object.freeze({ offset: 0, length: undefined });

/** Everything that was announced about the next transfer of a session. */
export class NextTransfer {
  #range = WHOLE;
  #announcedSize: number | undefined;

  /** REST or RANG: replaces what either has said before. */
  limitTo(range: FileRange): void {
    this.#range = range;
  }

  /** ALLO. */
  announce(size: number): void {
    this.#announcedSize = size;
  }

  /** Most commands between REST or RANG and the transfer clear both; ALLO stays. */
  clearRange(): void {
    this.#range = WHOLE;
  }

  /** Returns what REST or RANG has said, and clears it. */
  takeRange(): FileRange {
    const range = this.#range;
    this.#range = WHOLE;
    return range;
  }

  /** Returns what was announced, and clears it. */
  take(): FileRange & { readonly announcedSize: number | undefined } {
    const announcedSize = this.#announcedSize;
    this.#announcedSize = undefined;
    return { ...this.takeRange(), announcedSize };
  }
}
