/**
 * Reads the opening messages of TLS, which travel in clear: enough of ClientHello and ServerHello to know which name was
 * asked for and what was agreed. Bytes in, values out; nothing is decrypted and nothing is sent.
 *
 * @module
 */

import type { TlsVersion } from "./route.ts";

/** What the client asked for. */
export interface ClientHello {
  /** SNI in lower case (RFC 6066 section 3). */
  readonly serverName: string | undefined;
  readonly offersTls13: boolean;
  /** In hexadecimal; a server that repeats it under TLS 1.2 resumes that session (RFC 5246 section 7.4.1.3). */
  readonly sessionId: string;
}

/** What the server agreed to. */
export interface ServerHello {
  readonly protocol: TlsVersion;
  /** IANA name of the cipher suite. */
  readonly cipher: string;
  readonly sessionId: string;
  /** Set under TLS 1.3 when the session is resumed: nothing but resumption uses pre-shared keys here (RFC 8446 section 4.2.11). */
  readonly preSharedKey: boolean;
}

/** The bytes are not the beginning of a TLS handshake. */
export class HelloError extends Error {
  override readonly name = "HelloError";
}

/** A hello larger than this is an attack on memory; real ones stay below 4 KiB, also with post-quantum key shares. */
export const MAX_HELLO = 64 * 1024;

const RECORD_HANDSHAKE = 22;
const RECORD_CHANGE_CIPHER_SPEC = 20;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const EXTENSION_SERVER_NAME = 0;
const EXTENSION_PRE_SHARED_KEY = 41;
const EXTENSION_SUPPORTED_VERSIONS = 43;
const TLS13 = 0x0304;

/** The random of a ServerHello that only asks for another ClientHello (RFC 8446 section 4.1.3). */
const HELLO_RETRY_RANDOM = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c";

/** The suites this runtime's TLS library has. */
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

/** Reads the ClientHello at the start of `bytes`; `undefined` while it is incomplete. Throws {@link HelloError}. */
export function parseClientHello(bytes: Uint8Array): ClientHello | undefined {
  const [message] = handshakeMessages(bytes);
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

/**
 * Reads the ServerHello in the server's first `bytes`, passing over a HelloRetryRequest; `undefined` while it is incomplete.
 * Throws {@link HelloError}, also when the server sent an alert in its place.
 */
export function parseServerHello(bytes: Uint8Array): ServerHello | undefined {
  for (const { type, body: content } of handshakeMessages(bytes)) {
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

/** The complete handshake messages at the start of `bytes`, put together from however many records carry them. */
function* handshakeMessages(bytes: Uint8Array): Generator<{ type: number; body: Uint8Array }> {
  let pending: Uint8Array = new Uint8Array(0);
  for (const { type, fragment } of records(bytes)) {
    // Sent for the sake of old middleboxes, also between the two ServerHello (RFC 8446 appendix D.4).
    if (type === RECORD_CHANGE_CIPHER_SPEC) continue;
    if (type !== RECORD_HANDSHAKE) throw new HelloError(`TLS record of type "${type}" in place of a handshake`);
    pending = joined(pending, fragment);
    while (pending.length >= 4) {
      const header = new Cursor(pending);
      const messageType = header.uint(1);
      const length = header.uint(3);
      if (length > MAX_HELLO) throw new HelloError("TLS handshake message is too long");
      if (pending.length < 4 + length) break;
      yield { type: messageType, body: pending.subarray(4, 4 + length) };
      pending = pending.subarray(4 + length);
    }
  }
}

/** The complete records at the start of `bytes`. An impossible header throws before its bytes are waited for. */
function* records(bytes: Uint8Array): Generator<{ type: number; fragment: Uint8Array }> {
  let rest = bytes;
  while (rest.length > 0) {
    const type = rest[0] ?? 0;
    if (type < RECORD_CHANGE_CIPHER_SPEC || type > 23) throw new HelloError("Peer does not speak TLS");
    if (rest.length < 5) return;
    const header = new Cursor(rest);
    header.skip(1);
    if (header.uint(1) !== 3) throw new HelloError("Peer does not speak TLS");
    header.skip(1);
    const length = header.uint(2);
    if (length > 16384 + 2048) throw new HelloError("TLS record is too long");
    if (rest.length < 5 + length) return;
    yield { type, fragment: rest.subarray(5, 5 + length) };
    rest = rest.subarray(5 + length);
  }
}

function readExtensions(body: Cursor): Map<number, Uint8Array> {
  const extensions = new Map<number, Uint8Array>();
  // A hello may end here: extensions came with TLS 1.2's predecessors as an option.
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

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  if (head.length === 0) return tail;
  const all = new Uint8Array(head.length + tail.length);
  all.set(head);
  all.set(tail, head.length);
  return all;
}

/** Reads big-endian numbers and length-prefixed vectors; running over the end throws {@link HelloError}. */
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
