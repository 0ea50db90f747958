/**
 * Bytes to transfer: the same in every run, different in every place, so that a lost, doubled or moved piece changes
 * the digest.
 *
 * @module
 */

/** A size that is transferred, and what the tests call it. */
export interface Size {
  readonly title: string;
  readonly bytes: number;
}

/** From nothing at all to more than any buffer, one of them odd. */
export const SIZES: readonly Size[] = [
  { title: "0 bytes", bytes: 0 },
  { title: "1 byte", bytes: 1 },
  { title: "4 KiB", bytes: 4096 },
  { title: "1 MiB and 7 bytes", bytes: 1024 * 1024 + 7 },
  { title: "64 MiB", bytes: 64 * 1024 * 1024 },
];

/** `size` pseudo-random bytes; `seed` picks which ones. */
export function makePayload(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = (seed * 0x9e3779b1) >>> 0 || 1;
  for (let index = 0; index < words.length; index++) {
    // xorshift32 (Marsaglia, "Xorshift RNGs", 2003): plenty for telling bytes apart, and fast enough for 64 MiB a test.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, size);
}

/** SHA-256 in hexadecimal. */
export async function sha256(data: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex();
}

/** SHA-256 of a file in hexadecimal. */
export async function sha256OfFile(path: string): Promise<string> {
  return await sha256(await Deno.readFile(path));
}
