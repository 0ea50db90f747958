/**
 * The bytes of one file in memory: grows without copying the content, and hands out snapshots that later writes do not
 * change.
 *
 * @module
 */

/**
 * Bytes of a full block: the most that a write into a file with readers may have to copy, and that the last block may
 * waste.
 */
const BLOCK_SIZE = 256 * 1024;

/** A piece of a file; all but the last one are full. Only a block that is not shared may be written to. */
interface Block {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly shared: boolean;
}

/** The content of a file at one moment. */
export interface Snapshot {
  readonly size: number;
  /** Copies from `position` to the start of `target`; returns the number of bytes, 0 at the end. */
  copy(position: number, target: Uint8Array): number;
}

/** Bytes that grow at the end and change in the middle. */
export class MemoryContent {
  #blocks: Block[] = [];
  #size = 0;

  /** Size in bytes. */
  get size(): number {
    return this.#size;
  }

  /** Writes `data` at `position`, which is not past the end. */
  write(position: number, data: Uint8Array): void {
    let written = 0;
    while (written < data.length) {
      const index = Math.floor((position + written) / BLOCK_SIZE);
      const start = (position + written) % BLOCK_SIZE;
      const piece = data.subarray(written, written + BLOCK_SIZE - start);
      this.#writable(index, start + piece.length).set(piece, start);
      written += piece.length;
    }
    this.#size = Math.max(this.#size, position + data.length);
  }

  /** An independent content with the same bytes; blocks are shared until one of the two writes to them. */
  fork(): MemoryContent {
    this.#blocks = this.#blocks.map(({ bytes }) => ({ bytes, shared: true }));
    const fork = new MemoryContent();
    fork.#blocks = [...this.#blocks];
    fork.#size = this.#size;
    return fork;
  }

  /**
   * The content as it is now; costs one small object per block, and later one copy of each block that is written to.
   */
  snapshot(): Snapshot {
    const blocks = this.#blocks.map((block) => block.bytes);
    this.#blocks = blocks.map((bytes) => ({ bytes, shared: true }));
    const size = this.#size;
    const copy = (position: number, target: Uint8Array) =>
      copyBlocks(blocks, position, target.subarray(0, Math.max(0, size - position)));
    return { size, copy };
  }

  /**
   * Block `index` with room for `length` bytes. A block that has to grow doubles, so that many small writes stay cheap.
   */
  #writable(index: number, length: number): Uint8Array<ArrayBuffer> {
    const block = this.#blocks[index];
    if (block !== undefined && !block.shared && block.bytes.length >= length) return block.bytes;
    const old = block?.bytes ?? new Uint8Array();
    const grown = old.length >= length ? old.length : Math.min(BLOCK_SIZE, Math.max(length, old.length * 2));
    const bytes = new Uint8Array(grown);
    bytes.set(old);
    this.#blocks[index] = { bytes, shared: false };
    return bytes;
  }
}

function copyBlocks(blocks: readonly Uint8Array[], position: number, target: Uint8Array): number {
  let copied = 0;
  while (copied < target.length) {
    const start = (position + copied) % BLOCK_SIZE;
    const block = blocks[Math.floor((position + copied) / BLOCK_SIZE)];
    if (block === undefined) break;
    const piece = block.subarray(start, start + target.length - copied);
    target.set(piece, copied);
    copied += piece.length;
  }
  return copied;
}
