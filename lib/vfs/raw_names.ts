/**
 * Names that are not UTF-8, as text.
 *
 * On disk a name is bytes, in FTP it is UTF-8 (RFC 2640 section 2.2), and clients that decode strictly (Python's
 * ftplib) lose a whole listing to one invalid byte. So each byte that is not part of UTF-8 becomes one character of the
 * private use area, U+EF80 to U+EFFF, as in MirBSD's OPTU-8: the client sees a name with odd characters, and what it
 * sends back means the very same bytes. A name that already contains such a character has its bytes encoded in the same
 * way, so that no two names become the same text.
 *
 * @module
 */

/** The character for byte 0x80, minus 0x80. */
const BASE = 0xef00;
const RAW_BYTE = /[\uef80-\uefff]/g;

const encoder = new TextEncoder();
/** A name may begin with the bytes that are a byte order mark elsewhere. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text for a name of these bytes, which contain no NUL. */
export function nameOfBytes(bytes: Uint8Array): string {
  const plain = asciiName(bytes);
  if (plain !== undefined) return plain;
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

/** The bytes that `text`, a name or a path, stands for: the inverse of {@link nameOfBytes}. */
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

/**
 * Whether `text`, a name or a path, is what {@link nameOfBytes} returns for its bytes: any other text for the same
 * bytes is not a name.
 */
export function isCanonical(text: string): boolean {
  return nameOfBytes(bytesOfName(text)) === text;
}

/** `bytes` as UTF-8; `undefined` if they are not. */
export function decodeName(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/**
 * `bytes` as ASCII, which most names are; `undefined` if they are not. Ten times as fast as a decoder, whose call out
 * of JavaScript takes longer than twenty letters.
 */
function asciiName(bytes: Uint8Array): string | undefined {
  let text = "";
  // By index: the loop runs for each name of a directory, and long before it is compiled.
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    if (byte > 0x7f) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

/** The length in bytes of the character that begins with `lead`, if that begins one at all. */
function lengthAfter(lead: number): number {
  if (lead < 0xc0) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}
