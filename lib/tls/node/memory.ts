/**
 * Memory of the chunks that pass through TLS: `node:tls` makes a new buffer for each that it encrypts or decrypts, and
 * how they are freed decides a quarter to a third of a transfer's CPU time (docs/tls.md).
 *
 * @module
 */

/** Below this many bytes the call costs more than it saves. */
const WORTHWHILE = 8 * 1024;

/** Bytes of the block that {@link keepHeapEnd} frees: more than the chunks of one transfer at a time. */
const FREED_BLOCK = 2 * 1024 * 1024;

/**
 * Frees the memory of `chunk` at once: V8 runs a collection for every few dozen megabytes of such buffers. The chunk is
 * empty afterwards, so nothing may use it any more. A chunk that is small or shares its buffer with others is left
 * alone.
 */
export function discard({ buffer, byteLength }: Uint8Array): void {
  if (byteLength < WORTHWHILE || byteLength !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) return;
  buffer.transfer(0);
}

/**
 * Makes glibc keep free memory at the end of its heap. Otherwise it returns everything above 128 KiB to the system and
 * fetches it again for the next chunk, at one page fault every 4 KiB. Freeing a block with a mapping of its own raises
 * that limit to twice the block's size (M_MMAP_THRESHOLD in mallopt(3)), for the whole process. The block is never
 * touched; other C libraries ignore this.
 */
export function keepHeapEnd(): void {
  new ArrayBuffer(FREED_BLOCK).transfer(0);
}
