/**
 * URLs of remote files (RFC 1738 section 3.2), as people write them.
 *
 * @module
 */

import { AgentError } from "../errors.ts";
import type { ClientTlsMode } from "../../client/options.ts";

/** How a URL asks for TLS: `ftp` if the server offers it, `ftpes` by AUTH, `ftps` from the first byte. */
export type FtpScheme = "ftp" | "ftpes" | "ftps";

/** A parsed URL. */
export interface FtpUrl {
  readonly scheme: FtpScheme;
  /** Decoded; `undefined` if the URL has none. */
  readonly user: string | undefined;
  /** Decoded; `undefined` if the URL has none. */
  readonly password: string | undefined;
  /** In lower case; an IPv6 address without its brackets. */
  readonly host: string;
  /** `undefined`: the port of the scheme, 21 or 990. */
  readonly port: number | undefined;
  /**
   * Decoded, without slashes at its end. Relative to the directory of the login, as RFC 1738 has it; absolute if the
   * path in the URL begins with a second slash or `%2F`. Empty: the directory of the login.
   */
  readonly path: string;
  /** The path is empty or ends with a slash. */
  readonly isDirectory: boolean;
  /** `;type=a` at its end: text, whose line ends are converted. */
  readonly isText: boolean;
}

const SCHEMES: Readonly<Record<FtpScheme, ClientTlsMode>> = { ftp: "optional", ftpes: "required", ftps: "implicit" };
const SHAPE = /^(ftp|ftpes|ftps):\/\/(?:([^/]*)@)?(\[[^\]/]*\]|[^/:@[\]]*)(?::([^/]*))?(?:\/(.*))?$/is;

/** Whether `text` is meant to be a URL of FTP, maybe a wrong one. */
export function isFtpUrl(text: string): boolean {
  return /^(?:ftp|ftpes|ftps):/i.test(text);
}

/**
 * Parses a URL. `?` and `#` are part of the path: a URL of FTP has no query, and files have such names. A `%` that no
 * two hexadecimal digits follow is itself.
 *
 * @throws {AgentError} `wrongUse`, in words that never contain the password.
 */
export function parseFtpUrl(text: string): FtpUrl {
  const [, scheme = "", login, rawHost = "", rawPort, rawPath = ""] = SHAPE.exec(text) ?? [];
  if (scheme === "") throw wrong(text, 'must look like "ftp://user@host:port/path"');
  const host = hostOf(rawHost);
  if (host === "") throw wrong(text, "names no host");
  const port = rawPort === undefined || rawPort === "" ? undefined : portOf(rawPort);
  if (Number.isNaN(port)) throw wrong(text, `has the port "${rawPort}", which must be a number from 1 to 65535`);
  const [, plainPath = "", type] = /^(.*?)(?:;type=([aid]))?$/is.exec(rawPath) ?? [];
  const colon = login?.indexOf(":") ?? -1;
  const decode = (part: string) => decoded(part, text);
  const path = decode(plainPath);
  return {
    scheme: scheme.toLowerCase() as FtpScheme,
    user: login === undefined || login === "" ? undefined : decode(colon < 0 ? login : login.slice(0, colon)),
    password: login === undefined || colon < 0 ? undefined : decode(login.slice(colon + 1)),
    host,
    port,
    path: path.replace(/(?<=[^/])\/+$/, "").replace(/^\/+$/, "/"),
    isDirectory: path === "" || path.endsWith("/") || type?.toLowerCase() === "d",
    isText: type?.toLowerCase() === "a",
  };
}

/** The mode of TLS that the scheme asks for. */
export function tlsModeOf({ scheme }: Pick<FtpUrl, "scheme">): ClientTlsMode {
  return SCHEMES[scheme];
}

/** The URL in its shortest form, without the password: for messages, and for people to copy. */
export function formatFtpUrl({ scheme, user, host, port, path, isDirectory }: FtpUrl): string {
  const login = user === undefined ? "" : `${encoded(user)}@`;
  const address = host.includes(":") ? `[${host.replace("%", "%25")}]` : host;
  const shown = path.startsWith("/") ? `%2F${encoded(path.slice(1))}` : encoded(path);
  const end = isDirectory && path !== "" && path !== "/" ? "/" : "";
  return `${scheme}://${login}${address}${port === undefined ? "" : `:${port}`}/${shown}${end}`;
}

/** `text` without the password that it may contain, for messages about a URL that cannot be parsed. */
export function withoutPassword(text: string): string {
  return text.replace(/^([a-z]+:\/\/[^/:@]*):.*@/is, "$1:***@");
}

function hostOf(raw: string): string {
  const address = raw.startsWith("[") ? raw.slice(1, -1).replace(/%25/, "%") : raw;
  return address.toLowerCase();
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  return port >= 1 && port <= 65535 ? port : NaN;
}

function decoded(part: string, url: string): string {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  for (const [piece] of part.matchAll(/%[0-9a-f]{2}|[^%]+|%/gi)) {
    if (/^%[0-9a-f]{2}$/i.test(piece)) bytes.push(parseInt(piece.slice(1), 16));
    else bytes.push(...encoder.encode(piece));
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(new Uint8Array(bytes));
  } catch {
    throw wrong(url, "has an escape (%…) that is not UTF-8; with --charset write the characters themselves");
  }
  // Each would end the command that it is part of, and begin another.
  if (/[\r\n\0]/.test(text)) throw wrong(url, "contains a line break or NUL, which no name on a server may");
  return text;
}

function encoded(text: string): string {
  return text.replace(/[^\w!$&'()*+,.\/:=@~-]/gu, (character) => encodeURIComponent(character));
}

function wrong(text: string, problem: string): AgentError {
  return new AgentError("wrongUse", `URL ${JSON.stringify(withoutPassword(text))} ${problem}`);
}
