/**
 * Pieces of bytes in one.
 *
 * @module
 */

/** All of `pieces` in one; `size` is that of all together, where it is known. */
export function concat(
  pieces: readonly Uint8Array[],
  size: number = pieces.reduce((sum, { length }) => sum + length, 0),
): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(size);
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}
