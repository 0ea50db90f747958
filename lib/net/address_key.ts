/**
 * Whom an address stands for: one text for one client, however the address is written and however many of them it has.
 *
 * @module
 */

import { parseIp } from "./ip.ts";

/** What begins the 64:ff9b::/96 of RFC 6052 section 2.1. */
const TRANSLATED = Uint8Array.of(0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0);

/**
 * What limits by address count by: an IPv4 address, the /64 of an IPv6 one, which is what one customer has (RFC 6177 section 2). Under the
 * prefix of translators (RFC 6052) every address is an IPv4 client of its own. Text that is no address stands for itself.
 */
export function addressKey(address: string): string {
  const bytes = parseIp(address);
  if (bytes === undefined) return address;
  if (bytes.length === 4) return bytes.join(".");
  if (TRANSLATED.every((byte, index) => bytes[index] === byte)) return bytes.subarray(12).join(".");
  return `${bytes.subarray(0, 8).toHex()}/64`;
}

/** `192.0.2.1` for `::ffff:192.0.2.1`, as which a listener on `::` shows an IPv4 client; any other text as it is. */
export function unmapped(hostname: string): string {
  if (!hostname.includes(":")) return hostname;
  const bytes = parseIp(hostname);
  return bytes?.length === 4 ? bytes.join(".") : hostname;
}
