/**
 * The client behind an address: one text per client, however the address is written and however many of them it has.
 *
 * @module
 */

import { canonicalIp, parseIp } from "./ip.ts";

/** The prefix 64:ff9b::/96 of RFC 6052 section 2.1. */
const TRANSLATED = Uint8Array.of(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0);

/**
 * The unit for limits by address: an IPv4 address, or the /64 of an IPv6 one, which is what one customer has (RFC 6177
 * section 2). Under the prefix of translators (RFC 6052) every address is a separate IPv4 client. Text that is not an
 * address is returned unchanged.
 */
export function addressKey(address: string): string {
  // Text without a colon is an IPv4 address in its only form, or no address.
  if (!address.includes(":")) return address;
  const bytes = parseIp(address);
  if (bytes === undefined) return address;
  if (bytes.length === 4) return bytes.join(".");
  if (TRANSLATED.every((byte, index) => bytes[index] === byte)) return bytes.subarray(12).join(".");
  return `${bytes.subarray(0, 8).toHex()}/64`;
}

/** What {@link addressKey} stands for, as text for people: `192.0.2.1`, or `2001:db8:0:1::/64`. */
export function networkOf(address: string): string {
  const bytes = parseIp(address);
  if (bytes?.length !== 16) return addressKey(address);
  const key = addressKey(address);
  if (!key.endsWith("/64")) return key;
  const groups = Array.from({ length: 4 }, (_, index) => bytes.subarray(2 * index, 2 * index + 2).toHex());
  return `${canonicalIp(`${groups.join(":")}::`)}/64`;
}

/**
 * `192.0.2.1` for `::ffff:192.0.2.1`, the form in which a listener on `::` reports an IPv4 client; any other text
 * unchanged.
 */
export function unmapped(hostname: string): string {
  if (!hostname.includes(":")) return hostname;
  const bytes = parseIp(hostname);
  return bytes?.length === 4 ? bytes.join(".") : hostname;
}
