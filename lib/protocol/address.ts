/**
 * Addresses of data connections in commands and replies: PORT, EPRT, PASV (227), EPSV (229); parsing and formatting,
 * for client and server.
 *
 * @module
 */

import { canonicalIp, familyOf } from "../net/ip.ts";

/** The target of a data connection. */
export interface Endpoint {
  /** An IP address in text form. */
  readonly hostname: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** The two network protocols of RFC 2428, which numbers them 1 and 2. */
export type AddressFamily = "IPv4" | "IPv6";

/** The parsed argument of PORT or EPRT. `unknownFamily` is answered with 522, `syntaxError` with 501. */
export type ParsedEndpoint =
  | { readonly kind: "endpoint"; readonly endpoint: Endpoint }
  | { readonly kind: "unknownFamily" }
  | { readonly kind: "syntaxError" };

/** The parsed argument of EPSV. `any`: the family of the control connection. */
export type EpsvRequest =
  | { readonly kind: "any" }
  | { readonly kind: "family"; readonly family: AddressFamily }
  | { readonly kind: "all" }
  | { readonly kind: "unknownFamily" }
  | { readonly kind: "syntaxError" };

const SYNTAX_ERROR = { kind: "syntaxError" } as const;
const UNKNOWN_FAMILY = { kind: "unknownFamily" } as const;

/**
 * Parses the argument of PORT, `h1,h2,h3,h4,p1,p2` (RFC 959 section 4.1.2). Port 0 is an error: nothing listens there.
 */
export function parsePort(argument: string): ParsedEndpoint {
  const endpoint = /^\d{1,3}(?:,\d{1,3}){5}$/.test(argument) ? endpointOfNumbers(argument.split(",")) : undefined;
  return endpoint === undefined ? SYNTAX_ERROR : { kind: "endpoint", endpoint };
}

/**
 * Parses the argument of EPRT, `|family|address|port|` with any delimiter from "!" to "~" (RFC 2428 section 2). An
 * IPv4-mapped IPv6 address is returned as the IPv4 address.
 */
export function parseEprt(argument: string): ParsedEndpoint {
  const delimiter = argument.charAt(0);
  if (!/^[!-~]$/.test(delimiter)) return SYNTAX_ERROR;
  const [, family = "", address = "", portText = "", rest, ...more] = argument.split(delimiter);
  if (rest !== "" || more.length > 0 || !/^\d+$/.test(family)) return SYNTAX_ERROR;
  if (family !== "1" && family !== "2") return UNKNOWN_FAMILY;
  const looksRight = family === "1" ? !address.includes(":") : address.includes(":") && !address.includes("%");
  const hostname = looksRight ? canonicalIp(address) : undefined;
  const port = parsePortNumber(portText);
  if (hostname === undefined || port === undefined) return SYNTAX_ERROR;
  return { kind: "endpoint", endpoint: { hostname, port } };
}

/** Parses the argument of EPSV: none, a family, or `ALL` (RFC 2428 sections 3 and 4). */
export function parseEpsv(argument: string | undefined): EpsvRequest {
  if (argument === undefined || argument === "") return { kind: "any" };
  if (argument === "1") return { kind: "family", family: "IPv4" };
  if (argument === "2") return { kind: "family", family: "IPv6" };
  if (/^ALL$/i.test(argument)) return { kind: "all" };
  return /^\d+$/.test(argument) ? UNKNOWN_FAMILY : SYNTAX_ERROR;
}

/**
 * The argument of PORT.
 *
 * @throws {TypeError} for an address that is not IPv4.
 */
export function formatPort(endpoint: Endpoint): string {
  if (familyOf(endpoint.hostname) !== 4) throw new TypeError(`Cannot write "${endpoint.hostname}" as an IPv4 address`);
  return [...endpoint.hostname.split("."), endpoint.port >> 8, endpoint.port & 0xff].join(",");
}

/** The argument of EPRT. */
export function formatEprt(endpoint: Endpoint): string {
  return `|${familyOf(endpoint.hostname) === 4 ? 1 : 2}|${endpoint.hostname}|${endpoint.port}|`;
}

/**
 * The text of a 227 reply. Clients search it for the first digits, some for parentheses, so it contains no other
 * number.
 *
 * @throws {TypeError} for an address that is not IPv4.
 */
export function formatPassiveText(endpoint: Endpoint): string {
  return `Entering Passive Mode (${formatPort(endpoint)}).`;
}

/** The text of a 229 reply (RFC 2428 section 3). */
export function formatExtendedPassiveText(port: number): string {
  return `Entering Extended Passive Mode (|||${port}|)`;
}

/** Finds the address in the text of a 227 reply. Parentheses are not required: RFC 1123 section 4.1.2.6. */
export function parsePassiveText(text: string): Endpoint | undefined {
  const match = /(?<!\d)\d{1,3}(?:,\d{1,3}){5}(?!\d)/.exec(text);
  return match === null ? undefined : endpointOfNumbers(match[0].split(","));
}

/** Finds the port in the text of a 229 reply, whatever its delimiter. */
export function parseExtendedPassiveText(text: string): number | undefined {
  const match = /\(([!-~])\1\1(\d{1,5})\1\)/.exec(text);
  return match?.[2] === undefined ? undefined : parsePortNumber(match[2]);
}

function endpointOfNumbers(parts: readonly string[]): Endpoint | undefined {
  const numbers = parts.map(Number);
  const [high = 0, low = 0] = numbers.slice(4);
  const port = high << 8 | low;
  if (port === 0 || numbers.some((number) => number > 255)) return undefined;
  return { hostname: numbers.slice(0, 4).join("."), port };
}

function parsePortNumber(text: string): number | undefined {
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 0xffff ? port : undefined;
}
