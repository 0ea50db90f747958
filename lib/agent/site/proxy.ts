/**
 * Connections through a proxy: HTTP CONNECT (RFC 9110 section 9.3.6) and SOCKS5 (RFC 1928, RFC 1929).
 *
 * @module
 */

import { ClientError } from "../../client/errors.ts";
import type { Dial } from "../../client/dial.ts";
import { connectTcp } from "../../net/connect_tcp.ts";
import { closeQuietly, type SocketAddress, writeAll } from "../../net/connection.ts";
import { bracketed, parseIp, parseNetwork } from "../../net/ip.ts";
import { AgentError } from "../errors.ts";
import type { Environment } from "./places.ts";

/** A proxy as the user has named it. */
export interface Proxy {
  /** `socks5h` is `socks5`: names are always left to the proxy. */
  readonly kind: "http" | "socks5";
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** The variables that {@link findProxy} reads, in this order. */
export const PROXY_VARIABLES = ["ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"] as const;

const DEFAULT_PORTS = { http: 3128, socks5: 1080 } as const;
/** Bytes of the head of a proxy's response. */
const LONGEST_HEAD = 16 * 1024;
/** RFC 1928 section 6. */
const SOCKS_FAILURES: readonly string[] = [
  "",
  "it failed",
  "its rules do not allow it",
  "the network is unreachable",
  "the host is unreachable",
  "the connection was refused",
  "it took too long",
  "it cannot do that",
  "it does not know this kind of address",
];

/** Parses `http://…`, `socks5://…` or `socks5h://…`. @throws {AgentError} `wrongUse`. */
export function parseProxy(text: string): Proxy {
  const [, scheme = "", user = "", password = "", host = "", port] =
    /^(?:(http|socks5h?):\/\/)?(?:([^:@/]*)(?::([^@/]*))?@)?(\[[^\]]+\]|[^:/@]+)(?::(\d{1,5}))?\/?$/i.exec(text) ?? [];
  if (host === "") {
    throw new AgentError("wrongUse", 'A proxy must look like "http://host:port" or "socks5://user:password@host:port"');
  }
  const kind = scheme.toLowerCase().startsWith("socks5") ? "socks5" : "http";
  return {
    kind,
    host: host.replace(/^\[|\]$/g, ""),
    port: port === undefined ? DEFAULT_PORTS[kind] : Number(port),
    user: decodeURIComponent(user),
    password: decodeURIComponent(password),
  };
}

/** The proxy that the environment names for `host`; `undefined`: there is none. @throws {AgentError} `wrongUse`. */
export function findProxy(host: string, environment: Environment): Proxy | undefined {
  const named = environment.get("ALL_PROXY") ?? environment.get("all_proxy") ?? "";
  if (named === "") return undefined;
  const except = environment.get("NO_PROXY") ?? environment.get("no_proxy") ?? "";
  return except.split(",").some((entry) => isExcepted(host, entry.trim().toLowerCase()))
    ? undefined
    : parseProxy(named);
}

/** `*`, a name and all names below it, an address, or a network. */
function isExcepted(host: string, entry: string): boolean {
  if (entry === "*" || entry === host) return true;
  if (parseIp(host)) return entry.includes("/") && parseNetwork(entry)?.contains(host) === true;
  const name = entry.replace(/^\*?\./, "");
  return name !== "" && (host === name || host.endsWith(`.${name}`));
}

/** Opens connections through `proxy`. */
export function dialThrough(proxy: Proxy): Dial {
  return async (target, signal) => {
    const socket = await connectToProxy(proxy, signal);
    const onAbort = () => closeQuietly(socket);
    signal.addEventListener("abort", onAbort);
    try {
      await (proxy.kind === "http" ? askHttp : askSocks)(socket, target, proxy);
      return socket;
    } catch (error) {
      closeQuietly(socket);
      throw signal.aborted ? signal.reason : error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  };
}

async function connectToProxy({ host, port }: Proxy, signal: AbortSignal): Promise<Deno.TcpConn> {
  try {
    const socket = await connectTcp({ hostname: host, port }, signal);
    socket.setNoDelay();
    socket.setKeepAlive();
    return socket;
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw new ClientError("unreachable", `The proxy ${bracketed(host)}:${port} cannot be reached`, { cause });
  }
}

async function askHttp(socket: Deno.TcpConn, { hostname, port }: SocketAddress, proxy: Proxy): Promise<void> {
  const address = `${bracketed(hostname)}:${port}`;
  const login = `${proxy.user}:${proxy.password}`;
  const authorization = proxy.user === ""
    ? ""
    : `Proxy-Authorization: Basic ${new TextEncoder().encode(login).toBase64()}\r\n`;
  await writeAll(socket, ascii(`CONNECT ${address} HTTP/1.1\r\nHost: ${address}\r\n${authorization}\r\n`));
  const head = await readHead(socket);
  const [, code = "", reason = ""] = /^HTTP\/1\.[01] (\d{3}) ?([^\r\n]*)/.exec(head) ?? [];
  if (code === "407") throw refused("it wants a name and a password: --proxy http://user:password@host:port");
  if (!code.startsWith("2")) throw refused(code === "" ? "it does not speak HTTP" : `${code} ${reason}`);
}

/** Byte by byte: what follows the head belongs to the server behind the proxy, which speaks first. */
async function readHead(socket: Deno.TcpConn): Promise<string> {
  let head = "";
  while (!head.endsWith("\r\n\r\n")) {
    head += String.fromCharCode(...await readExactly(socket, 1));
    if (head.length > LONGEST_HEAD) throw refused("its response has no end");
  }
  return head;
}

async function askSocks(socket: Deno.TcpConn, { hostname, port }: SocketAddress, proxy: Proxy): Promise<void> {
  const methods = proxy.user === "" ? [0] : [0, 2];
  await writeAll(socket, new Uint8Array([5, methods.length, ...methods]));
  const [version, method] = await readExactly(socket, 2);
  if (version !== 5) throw refused("it does not speak SOCKS5");
  if (method === 2) await logInToSocks(socket, proxy);
  else if (method !== 0) throw refused("it wants a login: --proxy socks5://user:password@host:port");
  const ip = parseIp(hostname);
  const name = ip ?? lengthAnd(ascii(hostname));
  const kind = ip ? (ip.length === 4 ? 1 : 4) : 3;
  await writeAll(socket, new Uint8Array([5, 1, 0, kind, ...name, port >> 8, port & 0xff]));
  const [, failure = 1, , bound] = await readExactly(socket, 4);
  if (failure !== 0) throw refused(SOCKS_FAILURES[failure] ?? `code ${failure}`);
  const [length = 0] = bound === 3 ? await readExactly(socket, 1) : [bound === 4 ? 16 : 4];
  await readExactly(socket, length + 2);
}

async function logInToSocks(socket: Deno.TcpConn, { user, password }: Proxy): Promise<void> {
  const encoder = new TextEncoder();
  const parts = [...lengthAnd(encoder.encode(user)), ...lengthAnd(encoder.encode(password))];
  await writeAll(socket, new Uint8Array([1, ...parts]));
  const [, status] = await readExactly(socket, 2);
  if (status !== 0) throw refused("it does not accept the name and password");
}

function lengthAnd(bytes: Uint8Array): Uint8Array {
  if (bytes.length > 255) throw new AgentError("wrongUse", "A name or password for a proxy has 255 bytes at most");
  return new Uint8Array([bytes.length, ...bytes]);
}

async function readExactly(socket: Deno.TcpConn, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let filled = 0; filled < length;) {
    const count = await socket.read(bytes.subarray(filled));
    if (count === null) throw refused("it closed the connection");
    filled += count;
  }
  return bytes;
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function refused(why: string): ClientError {
  return new ClientError("refused", `The proxy made no connection: ${why}`);
}
