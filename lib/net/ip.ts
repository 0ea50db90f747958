/**
 * IP addresses and networks as text: parsed, compared, classified. No names, no look-ups.
 *
 * An IPv4 address inside IPv6 (`::ffff:192.0.2.1`, RFC 4291 section 2.5.5.2) always counts as the IPv4 address: a
 * dual-stack listener reports the same client both ways.
 *
 * Written by hand because ipaddr.js 2.5 reads more than is safe here: `::127.0.0.1` (RFC 4291 section 2.5.5.1,
 * deprecated) counts as the IPv4 address, and so do `::ffff:01.2.3.4` and `::ffff:0x7f.0.0.1`, which others read
 * differently. They would have to be found before it is asked.
 *
 * @module
 */

const ZERO = 0x30;
const DOT = 0x2e;
const COLON = 0x3a;

/**
 * The 4 or 16 bytes of an address; `undefined` if the text is not one. A zone (`fe80::1%eth0`) is ignored; brackets and
 * leading zeros in IPv4 (octal for some parsers, decimal for others) are refused.
 */
export function parseIp(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/** The 4 bytes of an IPv4 address inside the 16 of IPv6; the given bytes if there is none inside. */
export function withoutMapping(bytes: Uint8Array): Uint8Array {
  const mapped = bytes[10] === 0xff && bytes[11] === 0xff && isZero(bytes.subarray(0, 10));
  return mapped ? bytes.slice(12) : bytes;
}

/** 4 or 6; `undefined` if the text is not an address. */
export function familyOf(text: string): 4 | 6 | undefined {
  const bytes = parseIp(text);
  if (bytes === undefined) return undefined;
  return bytes.length === 4 ? 4 : 6;
}

/** Whether both texts mean one address. Text that is not an address equals only itself. */
export function sameAddress(a: string, b: string): boolean {
  if (a === b) return true;
  const left = parseIp(a);
  const right = parseIp(b);
  if (left === undefined || right === undefined || left.length !== right.length) return false;
  return left.every((byte, index) => byte === right[index]);
}

/**
 * The canonical form of an address (RFC 5952), so that equal addresses are equal texts; `undefined` if it is not an
 * address.
 */
export function canonicalIp(text: string): string | undefined {
  const bytes = parseIp(text);
  return bytes?.length === 16 ? formatIpv6(bytes) : bytes?.join(".");
}

/** `hostname` as a URL has it, and Deno's permissions: an IPv6 address in brackets. */
export function bracketed(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback(text: string): boolean {
  const bytes = parseIp(text);
  if (bytes === undefined) return false;
  if (bytes.length === 4) return bytes[0] === 127;
  return bytes[15] === 1 && isZero(bytes.subarray(0, 15));
}

/** 0.0.0.0 and ::. */
export function isUnspecified(text: string): boolean {
  const bytes = parseIp(text);
  return bytes !== undefined && isZero(bytes);
}

/**
 * Addresses that are only valid in their own network: RFC 1918, link-local (RFC 3927, RFC 4291 section 2.5.6),
 * carrier-grade NAT (RFC 6598) and unique local IPv6 (RFC 4193). Loopback is not included.
 */
export function isPrivate(text: string): boolean {
  const bytes = parseIp(text);
  if (bytes === undefined) return false;
  const [first = 0, second = 0] = bytes;
  if (bytes.length === 16) return (first & 0xfe) === 0xfc || (first === 0xfe && (second & 0xc0) === 0x80);
  switch (first) {
    case 10:
      return true;
    case 100:
      return (second & 0xc0) === 64;
    case 169:
      return second === 254;
    case 172:
      return (second & 0xf0) === 16;
    case 192:
      return second === 168;
    default:
      return false;
  }
}

/** A block of addresses; created by {@link parseNetwork}. */
export class Network {
  /** The text it was parsed from. */
  readonly text: string;
  readonly #prefix: Uint8Array;
  readonly #bits: number;

  /** For {@link parseNetwork}: `prefix` has 4 or 16 bytes, `bits` is at most eight times that. */
  constructor(text: string, prefix: Uint8Array, bits: number) {
    this.text = text;
    this.#prefix = prefix;
    this.#bits = bits;
  }

  /** Whether `address` is in the block; `false` for text that is not an address and for the other family. */
  contains(address: string): boolean {
    const bytes = parseIp(address);
    return bytes !== undefined && bytes.length === this.#prefix.length && sameBits(bytes, this.#prefix, this.#bits);
  }
}

/**
 * Parses `192.0.2.0/24`, `2001:db8::/32` or one address. `undefined` if it is invalid, and if bits are set after the
 * prefix (`192.0.2.1/24`): that is more often a mistake than intended.
 */
export function parseNetwork(text: string): Network | undefined {
  const slash = text.indexOf("/");
  const bytes = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (bytes === undefined) return undefined;
  const width = bytes.length * 8;
  if (slash < 0) return new Network(text, bytes, width);
  const bits = prefixLength(text.slice(slash + 1), text.includes(":") && width === 32 ? 96 : 0);
  if (bits === undefined || bits > width || !isZeroBehind(bytes, bits)) return undefined;
  return new Network(text, bytes, bits);
}

/**
 * `::ffff:192.0.2.0/120` counts its bits from the start of the IPv6 address: `offset` subtracts the 96 of the mapping.
 */
function prefixLength(text: string, offset: number): number | undefined {
  if (!/^(0|[1-9]\d{0,2})$/.test(text)) return undefined;
  const bits = Number(text) - offset;
  return bits < 0 ? undefined : bits;
}

function sameBits(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  for (let index = 0; index < whole; index++) if (a[index] !== b[index]) return false;
  const rest = bits & 7;
  return rest === 0 || (((a[whole] ?? 0) ^ (b[whole] ?? 0)) >> (8 - rest)) === 0;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

function isZeroBehind(bytes: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  if (whole === bytes.length) return true;
  return ((bytes[whole] ?? 0) & (0xff >> (bits & 7))) === 0 && isZero(bytes.subarray(whole + 1));
}

function parseIpv4(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4);
  return readIpv4(text, 0, bytes, 0) ? bytes : undefined;
}

/** Reads dotted decimal from `start` to the end of `text` into `bytes` at `at`. */
function readIpv4(text: string, start: number, bytes: Uint8Array, at: number): boolean {
  let part = 0;
  let digits = 0;
  let value = 0;
  for (let index = start; index <= text.length; index++) {
    const code = index < text.length ? text.charCodeAt(index) : DOT;
    if (code === DOT) {
      if (digits === 0 || part === 4) return false;
      bytes[at + part++] = value;
      digits = value = 0;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9 || (digits > 0 && value === 0)) return false;
    value = value * 10 + digit;
    digits++;
    if (value > 255) return false;
  }
  return part === 4;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const zone = text.indexOf("%");
  const bytes = zone < 0 ? readIpv6(text) : zone === text.length - 1 ? undefined : readIpv6(text.slice(0, zone));
  return bytes && withoutMapping(bytes);
}

function readIpv6(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(16);
  let at = 0;
  let gap = -1;
  let index = 0;
  if (text.startsWith("::")) {
    gap = 0;
    index = 2;
  }
  while (index < text.length) {
    const end = groupEnd(text, index);
    if (text.charCodeAt(end) === DOT) {
      if (at > 12 || !readIpv4(text, index, bytes, at)) return undefined;
      at += 4;
      break;
    }
    const group = end === index || end - index > 4 || at === 16 ? NaN : Number.parseInt(text.slice(index, end), 16);
    if (Number.isNaN(group)) return undefined;
    bytes[at++] = group >> 8;
    bytes[at++] = group & 0xff;
    if (end === text.length) break;
    if (text.charCodeAt(end) !== COLON || end + 1 === text.length) return undefined;
    index = end + 1;
    if (text.charCodeAt(index) === COLON) {
      if (gap >= 0) return undefined;
      gap = at;
      index++;
    }
  }
  return spread(bytes, at, gap);
}

/** The index of the first character from `index` on that is not a hexadecimal digit. */
function groupEnd(text: string, index: number): number {
  while (index < text.length && isHexDigit(text.charCodeAt(index))) index++;
  return index;
}

function isHexDigit(code: number): boolean {
  const lower = code | 0x20;
  return (code >= ZERO && code <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}

/** Moves what was read after `::` (at `gap`, -1 for none) to the end, so that the zeros are in between. */
function spread(bytes: Uint8Array, length: number, gap: number): Uint8Array | undefined {
  if (gap < 0) return length === 16 ? bytes : undefined;
  if (length > 14) return undefined;
  bytes.copyWithin(16 - (length - gap), gap, length);
  bytes.fill(0, gap, 16 - (length - gap));
  return bytes;
}

/**
 * RFC 5952 section 4: lower case, no leading zeros, `::` for the first of the longest runs of two or more zero groups.
 */
function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[2 * index] ?? 0) << 8 | (bytes[2 * index + 1] ?? 0));
  let start = 0;
  let length = 1;
  for (let from = 0; from < groups.length; from++) {
    let to = from;
    while (groups[to] === 0) to++;
    if (to - from > length) [start, length] = [from, to - from];
  }
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
}
