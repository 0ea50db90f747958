/**
 * Names that are not UTF-8, as text.
 *
 * On disk a name is bytes, in FTP it is UTF-8 (RFC 2640 section 2.2), and a listing with other bytes in it is lost as a whole to clients that
 * decode strictly (Python's ftplib). So each byte that is no part of UTF-8 stands as one character of the private use area, U+EF80 to U+EFFF,
 * as in MirBSD's OPTU-8: the client sees a name with odd characters in it, and what it sends back means the very same bytes. A name that
 * has such a character by itself has its bytes written in the same way, so that no two names are the same text.
 *
 * @module
 */

/** The character for byte 0x80 less 0x80. */
const BASE = 0xef00;
const RAW_BYTE = /[\uef80-\uefff]/g;

const encoder = new TextEncoder();
/** A name may begin with the bytes that elsewhere mark UTF-8. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text for a name of these bytes, which have no NUL. */
export function nameOfBytes(bytes: Uint8Array): string {
  const text = decodeName(bytes);
  if (text !== undefined && !hasRawBytes(text)) return text;
  let name = "";
  for (let start = 0; start < bytes.length;) {
    const end = start + lengthAfter(bytes[start] ?? 0);
    const character = decodeName(bytes.subarray(start, end));
    const isOrdinary = character !== undefined && !hasRawBytes(character);
    name += isOrdinary ? character : String.fromCharCode(BASE + (bytes[start] ?? 0));
    start = isOrdinary ? end : start + 1;
  }
  return name;
}

/** The bytes that `text`, a name or a path, stands for: the opposite of {@link nameOfBytes}. */
export function bytesOfName(text: string): Uint8Array<ArrayBuffer> {
  if (!hasRawBytes(text)) return encoder.encode(text);
  const bytes: number[] = [];
  for (const character of text) {
    if (hasRawBytes(character)) bytes.push(character.charCodeAt(0) - BASE);
    else bytes.push(...encoder.encode(character));
  }
  return new Uint8Array(bytes);
}

/** Whether `text` stands for bytes that are not UTF-8. */
export function hasRawBytes(text: string): boolean {
  return text.search(RAW_BYTE) >= 0;
}

/** Whether `text`, a name or a path, is the one that {@link nameOfBytes} gives for its bytes: others stand for the same, and for no name. */
export function isCanonical(text: string): boolean {
  return nameOfBytes(bytesOfName(text)) === text;
}

/** `bytes` as UTF-8; `undefined` where they are not. */
export function decodeName(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Bytes of the character that begins with `lead`, if that begins one at all. */
function lengthAfter(lead: number): number {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}
