/**
 * Where the Redis (or Valkey) of a cluster is: `redis://[user:password@]host:port[/db]`, or `rediss://` for TLS.
 *
 * @module
 */

import { bracketed } from "../net/ip.ts";

/** The port of Redis where the URL names none. */
const DEFAULT_PORT = 6379;

/** Where a Redis is, and how to log in there. */
export interface RedisAddress {
  /** Without brackets. */
  readonly hostname: string;
  /** 6379 if the URL names none. */
  readonly port: number;
  /** Number of the database. */
  readonly database: number;
  /** `rediss://`: the certificate is checked against the host name. */
  readonly tls: boolean;
  /** Authorities in PEM that are trusted with TLS; absent: those of the runtime. */
  readonly ca?: string;
  /** Absent: the default user. */
  readonly username?: string;
  /** Absent: Redis asks for none. */
  readonly password?: string;
}

/** The address in a URL; `undefined` for anything else. */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  const url = URL.parse(text);
  if (!url || url.search !== "" || url.hash !== "" || url.hostname === "") return undefined;
  if (url.protocol !== "redis:" && url.protocol !== "rediss:") return undefined;
  if (!/^\/?\d{0,5}$/.test(url.pathname)) return undefined;
  const [username, password] = [decoded(url.username), decoded(url.password)];
  if (username === undefined || password === undefined) return undefined;
  return {
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    database: Number(url.pathname.slice(1)),
    tls: url.protocol === "rediss:",
    ...(username !== "" && { username }),
    ...(password !== "" && { password }),
  };
}

/** The address as a URL without name and password, for messages. */
export function redisUrl({ hostname, port, database, tls }: RedisAddress): string {
  return `redis${tls ? "s" : ""}://${bracketed(hostname)}:${port}${database === 0 ? "" : `/${database}`}`;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
