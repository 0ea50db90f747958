/**
 * IP addresses as text: what is one, and when two are the same.
 *
 * @module
 */

const IPV6_GROUPS = 8;

/** Whether `text` is an IPv4 address: four decimal numbers from 0 to 255. */
export function isIpv4(text: string): boolean {
  return parseIpv4(text) !== undefined;
}

/** Whether `text` is an IPv6 address (RFC 4291 section 2.2), without brackets and without a zone. */
export function isIpv6(text: string): boolean {
  return parseIpv6(text) !== undefined;
}

/**
 * The one way to write an address: RFC 5952, and dotted IPv4 for an IPv4-mapped one, which is how a dual-stack socket names an IPv4
 * peer. A zone is dropped. `undefined` when `text` is no address.
 */
export function canonicalAddress(text: string): string | undefined {
  const plain = text.replace(/%.*$/, "");
  const octets = parseIpv4(plain);
  if (octets !== undefined) return octets.join(".");
  const groups = parseIpv6(plain);
  if (groups === undefined) return undefined;
  if (isMapped(groups)) return groups.slice(6).flatMap((group) => [group >> 8, group & 0xff]).join(".");
  return formatIpv6(groups);
}

/** Whether two texts name the same address. */
export function sameAddress(one: string, other: string): boolean {
  if (one === other) return true;
  const canonical = canonicalAddress(one);
  return canonical !== undefined && canonical === canonicalAddress(other);
}

function parseIpv4(text: string): number[] | undefined {
  if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return undefined;
  const octets = text.split(".").map(Number);
  return octets.every((octet) => octet <= 255) ? octets : undefined;
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] ?? "", halves.length === 1);
  if (halves.length === 1) return head?.length === IPV6_GROUPS ? head : undefined;
  const tail = parseGroups(halves[1] ?? "", true);
  if (head === undefined || tail === undefined) return undefined;
  const zeros = IPV6_GROUPS - head.length - tail.length;
  return zeros >= 1 ? [...head, ...Array<number>(zeros).fill(0), ...tail] : undefined;
}

/** The groups of one side of "::"; `last` says that an IPv4 address may stand at the end. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (/^[\da-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
      continue;
    }
    const octets = last && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (octets === undefined) return undefined;
    const [a = 0, b = 0, c = 0, d = 0] = octets;
    groups.push(a << 8 | b, c << 8 | d);
  }
  return groups;
}

function isMapped(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
}

/** RFC 5952: lower case, no leading zeros, and "::" for the first of the longest runs of two or more zero groups. */
function formatIpv6(groups: readonly number[]): string {
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
