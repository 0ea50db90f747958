/**
 * The PROXY protocol, versions 1 and 2: in front of everything else a balancer sends the two ends of the connection
 * that it passes on ("The PROXY protocol", haproxy.org, doc/proxy-protocol.txt).
 *
 * Read piece by piece and never further than its end: what follows, such as a ClientHello, stays in the socket.
 *
 * @module
 */

import type { Connection, SocketAddress } from "./connection.ts";
import { startDeadline } from "./deadline.ts";
import { canonicalIp, familyOf } from "./ip.ts";

/** What a header says. */
export type ProxyHeader =
  /** A client's connection: its address, and the one at the balancer that it connected to. */
  | { readonly kind: "client"; readonly source: SocketAddress; readonly destination: SocketAddress }
  /** The balancer's own, which has no client: it looks whether the server lives. */
  | { readonly kind: "local" };

/**
 * What is wrong: something else came first (`missing`), it cannot be read or names no TCP over IP (`malformed`), it is
 * longer than any that balancers send (`tooLong`), it was not whole in time (`late`), or the connection ended before
 * (`closed`).
 */
export type ProxyHeaderFault = "missing" | "malformed" | "tooLong" | "late" | "closed";

/** There is no header that can be believed. */
export class ProxyHeaderError extends Error {
  /** Always `ProxyHeaderError`. */
  override readonly name = "ProxyHeaderError";
  /** What is wrong. */
  readonly fault: ProxyHeaderFault;

  /** `fault`: what is wrong. */
  constructor(fault: ProxyHeaderFault) {
    super(`PROXY header: ${fault}`);
    this.fault = fault;
  }
}

const ONE = new TextEncoder().encode("PROXY ");
const TWO = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
/** Bytes of version 2 before its addresses. */
const FIXED = 16;
/** Bytes of the shortest header, `PROXY UNKNOWN` with its line end: so many can be read in any case. */
const SHORTEST = 15;
/** Bytes of the longest line (section 2.1). */
const LONGEST_LINE = 107;
/** Bytes of the longest header: with certificates' names and identifiers of clouds they have a few hundred. */
const LONGEST = 2048;
const LINE_END = 0x0a;

/** Takes a header in, byte for byte. */
export class ProxyHeaderReader {
  readonly #bytes = new Uint8Array(LONGEST);
  #length = 0;

  /** Bytes that are missing for certain: more must not be read. */
  get wanted(): number {
    if (this.#length < SHORTEST) return SHORTEST - this.#length;
    if (this.#bytes[0] === ONE[0]) return Math.max(shortestLine(this.#bytes) - this.#length, 1);
    return this.#length < FIXED ? FIXED - this.#length : this.#size - this.#length;
  }

  /**
   * Takes in at most {@link wanted} bytes; the header, once they were the last.
   *
   * @throws {ProxyHeaderError} `missing`, `malformed` or `tooLong`, as soon as that is certain.
   */
  take(bytes: Uint8Array): ProxyHeader | undefined {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    const seen = this.#bytes.subarray(0, this.#length);
    if (begins(seen, ONE)) return this.#takeLine(seen);
    if (!begins(seen, TWO)) throw new ProxyHeaderError("missing");
    if (this.#length < FIXED) return undefined;
    if (this.#size > LONGEST) throw new ProxyHeaderError("tooLong");
    return this.#length < this.#size ? undefined : readBinary(seen);
  }

  #takeLine(seen: Uint8Array): ProxyHeader | undefined {
    const end = seen.indexOf(LINE_END);
    if (end >= 0) return readLine(seen, end);
    if (seen.length >= LONGEST_LINE) throw new ProxyHeaderError("tooLong");
    return undefined;
  }

  /** Bytes of a header of version 2. */
  get #size(): number {
    return FIXED + uint16(this.#bytes, 14);
  }
}

/**
 * Reads the header at the start of `connection`, and nothing after it. Where it rejects the connection may have been
 * closed already, and is to be closed.
 *
 * @throws {ProxyHeaderError} for whatever else is there.
 */
export async function readProxyHeader(
  connection: Pick<Connection, "read" | "close">,
  limits: { readonly timeout: number; readonly signal?: AbortSignal | undefined },
): Promise<ProxyHeader> {
  let fault: ProxyHeaderFault = "closed";
  using _limit = startDeadline(limits, (cause) => {
    if (cause === "timeout") fault = "late";
    connection.close();
  });
  const reader = new ProxyHeaderReader();
  const buffer = new Uint8Array(LONGEST);
  for (;;) {
    const count = await connection.read(buffer.subarray(0, reader.wanted)).catch(() => null);
    if (count === null) throw new ProxyHeaderError(fault);
    const header = reader.take(buffer.subarray(0, count));
    if (header) return header;
  }
}

/** As far as both have bytes. */
function begins(seen: Uint8Array, signature: Uint8Array): boolean {
  return signature.every((byte, index) => index >= seen.length || seen[index] === byte);
}

/** Bytes of the shortest line of the family that `seen` names, so that most of a line is read at once. */
function shortestLine(seen: Uint8Array): number {
  // After "PROXY TCP".
  if (seen[9] === 0x34) return "PROXY TCP4 0.0.0.0 0.0.0.0 0 0\r\n".length;
  return seen[9] === 0x36 ? "PROXY TCP6 :: :: 0 0\r\n".length : SHORTEST;
}

/** Version 1. `end` is where its line feed is. */
function readLine(seen: Uint8Array, end: number): ProxyHeader {
  const text = String.fromCharCode(...seen.subarray(0, end + 1));
  if (end !== seen.length - 1 || !text.endsWith("\r\n")) throw new ProxyHeaderError("malformed");
  // What else is in such a line is to be ignored (section 2.1).
  if (/^PROXY UNKNOWN[ \r]/.test(text)) return { kind: "local" };
  const [, family, from = "", to = "", fromPort = "", toPort = ""] =
    /^PROXY TCP([46]) ([0-9a-fA-F.:]+) ([0-9a-fA-F.:]+) (0|[1-9]\d{0,4}) (0|[1-9]\d{0,4})\r\n$/.exec(text) ?? [];
  if (family === undefined) throw new ProxyHeaderError("malformed");
  return { kind: "client", source: lineEnd(from, fromPort, family), destination: lineEnd(to, toPort, family) };
}

function lineEnd(address: string, digits: string, family: string): SocketAddress {
  const hostname = canonicalIp(address);
  const port = Number(digits);
  // An IPv4 address inside IPv6 is one of IPv4 to us, in a line of IPv6.
  const fits = family === "6" ? address.includes(":") : familyOf(address) === 4 && !address.includes(":");
  if (hostname === undefined || port > 65535 || !fits) throw new ProxyHeaderError("malformed");
  return { hostname, port };
}

/** Version 2 (section 2.2). What follows the addresses, about TLS and the like, is not used. */
function readBinary(header: Uint8Array): ProxyHeader {
  const [command = 0, transport = 0] = header.subarray(12);
  if (command >> 4 !== 2 || (command & 0xf) > 1) throw new ProxyHeaderError("malformed");
  const [isLocal, family] = [(command & 0xf) === 0, transport >> 4];
  // A balancer that does not know who has connected cannot say it of a client that matters.
  if (isLocal || family === 0) return { kind: "local" };
  const width = family === 1 ? 4 : 16;
  const isTcp = (transport & 0xf) === 1 && family <= 2;
  if (!isTcp || header.length < FIXED + 2 * width + 4) throw new ProxyHeaderError("malformed");
  const end = (index: 0 | 1): SocketAddress => {
    const at = FIXED + index * width;
    return { hostname: textOf(header.subarray(at, at + width)), port: uint16(header, FIXED + 2 * width + 2 * index) };
  };
  return { kind: "client", source: end(0), destination: end(1) };
}

function textOf(address: Uint8Array): string {
  if (address.length === 4) return address.join(".");
  const groups = Array.from({ length: 8 }, (_, index) => uint16(address, 2 * index).toString(16));
  return canonicalIp(groups.join(":")) ?? "";
}

function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
}
