/**
 * Who may talk to a listener of ours: it is on the same machine as browsers are, which run the pages of anybody.
 *
 * @module
 */

import { familyOf } from "../net/ip.ts";
import { HttpError } from "./http_error.ts";

/**
 * Lets a request pass, or throws an {@link HttpError}. What it returns is given to the handler. `address` is that of
 * the client, where the listener says it.
 */
export type Guard<C = void> = (request: Request, url: URL, address?: string) => C | Promise<C>;

/** The options of a guard. */
export interface GuardOptions {
  /** Host names to accept besides IP addresses and localhost. Default: none. */
  readonly hosts?: (hostname: string) => boolean;
  /**
   * Web pages whose requests are accepted: none, or those that come from this listener itself.
   *
   * @default "none"
   */
  readonly pages?: "none" | "own";
  /** Every request must carry it: `Authorization: Bearer TOKEN` (RFC 6750). Absent: no token is needed. */
  readonly token?: string;
}

/**
 * A guard that refuses foreign web pages and foreign host names with 403, and requests without the token with 401.
 *
 * A GET that a foreign page makes without `Origin` and `Sec-Fetch-Site`, as old browsers do, passes; the page cannot
 * read the answer, so that a GET must not change anything.
 */
export function makeGuard({ hosts, pages = "none", token }: GuardOptions = {}): Guard {
  const expected = token === undefined ? undefined : digestOf(token);
  return (request, url) => {
    requireName(url, hosts);
    requireNoForeignPage(request, url, pages);
    return expected && requireToken(request, expected);
  };
}

/** A web page can make its own name resolve to this machine, and may then read the answers (DNS rebinding). */
function requireName({ hostname }: URL, hosts: GuardOptions["hosts"]): void {
  if (isOwnName(hostname) || hosts?.(hostname)) return;
  throw new HttpError(403, `Address this interface by IP address or as localhost, not as "${hostname}"`);
}

function isOwnName(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") ||
    familyOf(hostname.replace(/^\[|\]$/g, "")) !== undefined;
}

/** Browsers say which page a request comes from: in `Origin`, and newer ones in `Sec-Fetch-Site` for every request. */
function requireNoForeignPage({ headers }: Request, url: URL, pages: "none" | "own"): void {
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  if (origin === null && site === null) return;
  if (pages === "none") throw new HttpError(403, "Requests from web pages are refused");
  const isOwn = (origin === null || origin === url.origin) && (site === null || OWN_SITES.has(site));
  if (!isOwn) throw new HttpError(403, "Requests from other web pages are refused");
}

/** `none`: the user has typed the address. */
const OWN_SITES: ReadonlySet<string> = new Set(["same-origin", "none"]);

async function requireToken({ headers }: Request, expected: Promise<Uint8Array>): Promise<void> {
  const given = bearerOf(headers);
  if (given !== undefined && isSame(await digestOf(given), await expected)) return;
  throw new HttpError(401, "This needs a token: send it as Authorization: Bearer", { "www-authenticate": "Bearer" });
}

/** The token of `Authorization: Bearer TOKEN`; `undefined` without one. */
export function bearerOf(headers: Headers): string | undefined {
  return /^bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
}

/** Whether two tokens are the same, in a time that says nothing about them. */
export async function isSameToken(one: string, other: string): Promise<boolean> {
  return isSame(await digestOf(one), await digestOf(other));
}

/** Digests have one length, so that comparing them takes one time, whatever was sent. */
async function digestOf(token: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token)));
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.reduce((difference, byte, index) => difference | (byte ^ (other[index] ?? 0)), 0) === 0;
}
