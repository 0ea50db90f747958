/**
 * How a server encodes names. RFC 2640 says UTF-8; older servers use the code page of their system.
 *
 * @module
 */

import { ClientError } from "./errors.ts";
import { printable } from "./names.ts";

/** Encodes commands and decodes replies and listings. */
export interface Charset {
  /** The label of the Encoding Standard, in lower case. */
  readonly label: string;
  encode(text: string): Uint8Array;
  decode(bytes: Uint8Array): string;
}

const encoder = new TextEncoder();
/** A name may begin with the bytes that are a byte order mark elsewhere. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The encoding of RFC 2640. Invalid bytes are decoded to U+FFFD. */
export const UTF8: Charset = {
  label: "utf-8",
  encode: (text) => encoder.encode(text),
  decode: (bytes) => decoder.decode(bytes),
};

/** The names of the Encoding Standard for encodings of one byte a character. */
const ONE_BYTE = /^(?:ibm866|iso-8859-\d+(?:-i)?|koi8-[ru]|macintosh|windows-\d+|x-mac-cyrillic)$/;

/**
 * The charset of a label such as `utf-8`, `iso-8859-1`, `windows-1252` or `koi8-r`. Only encodings of one byte a
 * character, and UTF-8: the runtime decodes the others, but encodes none of them.
 *
 * @throws {RangeError} for a label that is not known, or of an encoding with several bytes a character.
 */
export function charsetOf(label: string): Charset {
  const decoder = decoderFor(label);
  if (decoder.encoding === "utf-8") return UTF8;
  if (!ONE_BYTE.test(decoder.encoding)) {
    throw new RangeError(`Charset "${label}" has several bytes a character: only UTF-8 may have that`);
  }
  const bytes = new Map<string, number>();
  for (let byte = 0; byte < 256; byte++) {
    const character = decoder.decode(new Uint8Array([byte]));
    if (character !== "\ufffd") bytes.set(character, byte);
  }
  return {
    label: decoder.encoding,
    encode: (text) =>
      Uint8Array.from(text, (character) => {
        const byte = bytes.get(character);
        if (byte === undefined) throw new ClientError("badName", `Charset "${label}" has no "${printable(character)}"`);
        return byte;
      }),
    decode: (data) => decoder.decode(data),
  };
}

function decoderFor(label: string): TextDecoder {
  try {
    return new TextDecoder(label);
  } catch {
    throw new RangeError(`Unknown charset "${label}"`);
  }
}
