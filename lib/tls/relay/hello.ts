/**
 * Reads the opening messages of TLS, which are not encrypted: enough of ClientHello and ServerHello to know which name
 * was requested and what was agreed. Bytes in, values out; nothing is decrypted or sent.
 *
 * @module
 */

import type { TlsVersion } from "../route.ts";

/** The client's request. */
export interface ClientHello {
  /** SNI in lower case (RFC 6066 section 3). */
  readonly serverName: string | undefined;
  readonly offersTls13: boolean;
  /** In hexadecimal; a server that repeats it under TLS 1.2 resumes that session (RFC 5246 section 7.4.1.3). */
  readonly sessionId: string;
}

/** The server's choice. */
export interface ServerHello {
  readonly protocol: TlsVersion;
  /** IANA name of the cipher suite. */
  readonly cipher: string;
  readonly sessionId: string;
  /**
   * Set under TLS 1.3 when the session is resumed: pre-shared keys are used here only for resumption (RFC 8446 section
   * 4.2.11).
   */
  readonly preSharedKey: boolean;
}

/** The bytes are not the beginning of a TLS handshake. */
export class HelloError extends Error {
  override readonly name = "HelloError";
}

/** A larger hello is an attack on memory; real ones stay below 4 KiB, even with post-quantum key shares. */
const MAX_MESSAGE = 64 * 1024;

/**
 * A hello in more records is an attack on time; real ones come in one, or in two or three from clients that evade
 * filters.
 */
const MAX_RECORDS = 32;

const RECORD_HANDSHAKE = 22;
const RECORD_CHANGE_CIPHER_SPEC = 20;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const EXTENSION_SERVER_NAME = 0;
const EXTENSION_PRE_SHARED_KEY = 41;
const EXTENSION_SUPPORTED_VERSIONS = 43;
const TLS13 = 0x0304;

/** The random of a ServerHello that only requests another ClientHello (RFC 8446 section 4.1.3). */
const HELLO_RETRY_RANDOM = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";

/** The suites of this runtime's TLS library. */
const CIPHERS = new Map([
  [0x1301, "TLS_AES_128_GCM_SHA256"],
  [0x1302, "TLS_AES_256_GCM_SHA384"],
  [0x1303, "TLS_CHACHA20_POLY1305_SHA256"],
  [0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"],
  [0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"],
  [0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
  [0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"],
  [0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"],
  [0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"],
]);

/** Finds the ClientHello in the first bytes of a client. Each byte is processed once, however they are split. */
export class ClientHelloReader {
  readonly #messages = new MessageReader();

  /**
   * Takes the next bytes; `undefined` while the hello is incomplete. @throws {HelloError} for bytes that cannot begin
   * one.
   */
  push(bytes: Uint8Array): ClientHello | undefined {
    const [message] = this.#messages.push(bytes);
    if (message === undefined) return undefined;
    if (message.type !== CLIENT_HELLO) throw new HelloError("Peer did not start with a ClientHello");
    const body = new Cursor(message.body);
    body.skip(2 + 32);
    const sessionId = body.vector(1).toHex();
    body.skip(body.uint(2));
    body.skip(body.uint(1));
    const extensions = readExtensions(body);
    return {
      sessionId,
      serverName: readServerName(extensions.get(EXTENSION_SERVER_NAME)),
      offersTls13: readVersions(extensions.get(EXTENSION_SUPPORTED_VERSIONS)).includes(TLS13),
    };
  }
}

/** Finds the ServerHello in the first bytes of a server, and skips a HelloRetryRequest. Each byte is processed once. */
export class ServerHelloReader {
  readonly #messages = new MessageReader();

  /**
   * Takes the next bytes; `undefined` while the hello is incomplete.
   *
   * @throws {HelloError} for bytes that cannot begin one, also if the server sent an alert instead.
   */
  push(bytes: Uint8Array): ServerHello | undefined {
    for (const { type, body: content } of this.#messages.push(bytes)) {
      if (type !== SERVER_HELLO) throw new HelloError("Server did not start with a ServerHello");
      const body = new Cursor(content);
      body.skip(2);
      if (body.take(32).toHex() === HELLO_RETRY_RANDOM) continue;
      const sessionId = body.vector(1).toHex();
      const suite = body.uint(2);
      body.skip(1);
      const extensions = readExtensions(body);
      return {
        sessionId,
        cipher: CIPHERS.get(suite) ?? `0x${suite.toString(16).padStart(4, "0")}`,
        protocol: extensions.has(EXTENSION_SUPPORTED_VERSIONS) ? "TLSv1.3" : "TLSv1.2",
        preSharedKey: extensions.has(EXTENSION_PRE_SHARED_KEY),
      };
    }
    return undefined;
  }
}

interface HandshakeMessage {
  readonly type: number;
  readonly body: Uint8Array;
}

/** Assembles handshake messages from any number of records, and continues where the last bytes ended. */
class MessageReader {
  readonly #records = new RecordReader();
  #pending = new Uint8Array(512);
  #length = 0;

  /** The messages that `bytes` complete. */
  *push(bytes: Uint8Array): Generator<HandshakeMessage> {
    for (const { type, part } of this.#records.push(bytes)) {
      // Sent for compatibility with old middleboxes, also between the two ServerHello (RFC 8446 appendix D.4).
      if (type === RECORD_CHANGE_CIPHER_SPEC) continue;
      if (type !== RECORD_HANDSHAKE) throw new HelloError(`TLS record of type "${type}" in place of a handshake`);
      this.#keep(part);
      yield* this.#complete();
    }
  }

  *#complete(): Generator<HandshakeMessage> {
    while (this.#length >= 4) {
      const header = new Cursor(this.#pending);
      const type = header.uint(1);
      const length = header.uint(3);
      if (length > MAX_MESSAGE) throw new HelloError("TLS handshake message is too long");
      if (this.#length < 4 + length) return;
      const body = this.#pending.slice(4, 4 + length);
      this.#pending.copyWithin(0, 4 + length, this.#length);
      this.#length -= 4 + length;
      yield { type, body };
    }
  }

  #keep(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (length > this.#pending.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(this.#pending);
      this.#pending = larger;
    }
    this.#pending.set(part, this.#length);
    this.#length = length;
  }
}

/** Splits records, and continues where the last bytes ended. */
class RecordReader {
  readonly #header = new Uint8Array(5);
  /** Bytes of the header that have arrived. */
  #filled = 0;
  /** Bytes of the record still to come. */
  #left = 0;
  #count = 0;

  /** The parts of records in `bytes`, with their type. An invalid header throws before its content is waited for. */
  *push(bytes: Uint8Array): Generator<{ type: number; part: Uint8Array }> {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#filled < this.#header.length) {
        rest = rest.subarray(this.#takeHeader(rest));
        continue;
      }
      const part = rest.subarray(0, this.#left);
      rest = rest.subarray(part.length);
      this.#left -= part.length;
      if (this.#left === 0) this.#filled = 0;
      yield { type: this.#header[0] ?? 0, part };
    }
  }

  /** Returns the number of bytes it took. */
  #takeHeader(bytes: Uint8Array): number {
    const part = bytes.subarray(0, this.#header.length - this.#filled);
    this.#header.set(part, this.#filled);
    this.#filled += part.length;
    const [type = 0, major] = this.#header;
    if (type < RECORD_CHANGE_CIPHER_SPEC || type > 23) throw new HelloError("Peer does not speak TLS");
    if (this.#filled < this.#header.length) return part.length;
    if (major !== 3) throw new HelloError("Peer does not speak TLS");
    if (++this.#count > MAX_RECORDS) throw new HelloError("TLS handshake is split into too many records");
    const header = new Cursor(this.#header);
    header.skip(3);
    this.#left = header.uint(2);
    const longest = type === RECORD_CHANGE_CIPHER_SPEC ? 1 : 16384 + 2048;
    if (this.#left > longest) throw new HelloError("TLS record is too long");
    if (this.#left === 0) this.#filled = 0;
    return part.length;
  }
}

function readExtensions(body: Cursor): Map<number, Uint8Array> {
  const extensions = new Map<number, Uint8Array>();
  // A hello may end here: extensions were optional before TLS 1.2.
  if (body.atEnd) return extensions;
  const list = new Cursor(body.vector(2));
  while (!list.atEnd) extensions.set(list.uint(2), list.vector(2));
  return extensions;
}

function readServerName(extension: Uint8Array | undefined): string | undefined {
  if (extension === undefined || extension.length === 0) return undefined;
  const list = new Cursor(new Cursor(extension).vector(2));
  if (list.uint(1) !== 0) return undefined;
  const name = new TextDecoder("latin1").decode(list.vector(2)).toLowerCase();
  return /^[a-z0-9._-]{1,253}$/.test(name) ? name : undefined;
}

function readVersions(extension: Uint8Array | undefined): number[] {
  if (extension === undefined) return [];
  const list = new Cursor(new Cursor(extension).vector(1));
  const versions: number[] = [];
  while (!list.atEnd) versions.push(list.uint(2));
  return versions;
}

/** Reads big-endian numbers and length-prefixed vectors; reading past the end throws {@link HelloError}. */
class Cursor {
  #rest: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  get atEnd(): boolean {
    return this.#rest.length === 0;
  }

  take(length: number): Uint8Array {
    if (length > this.#rest.length) throw new HelloError("TLS handshake message is malformed");
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  skip(length: number): void {
    this.take(length);
  }

  uint(size: number): number {
    return this.take(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  vector(lengthSize: number): Uint8Array {
    return this.take(this.uint(lengthSize));
  }
}
