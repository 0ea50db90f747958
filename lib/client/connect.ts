/**
 * From a name to a session that is logged in: connection, TLS, login, and what the server can do.
 *
 * @module
 */

import { connectTcp } from "../net/connect_tcp.ts";
import type { Connection, SocketAddress } from "../net/connection.ts";
import { bracketed } from "../net/ip.ts";
import { messageOf } from "../net/message_of.ts";
import type { ParsedReply } from "../protocol/reply_parser.ts";
import { TlsError, type TlsVersion } from "../tls/route.ts";
import { type Charset, charsetOf, UTF8 } from "./charset.ts";
import { ControlConnection } from "./control.ts";
import { ClientError, refusalOf } from "./errors.ts";
import type { ClientOptions } from "./options.ts";
import type { ClientTls } from "./tls.ts";

/** A session after its login. */
export interface LoggedIn {
  readonly control: ControlConnection;
  /** Of names, in replies and listings. */
  readonly charset: Charset;
  /** Protects data connections too; `undefined`: they are in clear. */
  readonly tls: ClientTls | undefined;
  /** What FEAT lists: names in upper case, and what follows them. */
  readonly features: ReadonlyMap<string, string>;
  /** Text of the greeting. */
  readonly greeting: string;
}

export const DEFAULT_TIMEOUT = 30_000;
const PORT = 21;
const IMPLICIT_PORT = 990;

/** @throws {ClientError}, or the reason of the signal. */
export async function logIn(options: ClientOptions): Promise<LoggedIn> {
  if (options.maxTlsVersion !== undefined) return await attempt(options);
  return await withTlsVersion((maxTlsVersion) => attempt({ ...options, maxTlsVersion }));
}

/** With 1.2, whose sessions can be resumed any number of times; with 1.3 where a server has no other. */
export async function withTlsVersion<T>(connect: (maxVersion: TlsVersion) => Promise<T>): Promise<T> {
  try {
    return await connect("TLSv1.2");
  } catch (error) {
    if (!(error instanceof ClientError) || !(error.cause instanceof TlsError)) throw error;
    return await connect("TLSv1.3");
  }
}

async function attempt(options: ClientOptions): Promise<LoggedIn> {
  const { tls = "optional", timeout = DEFAULT_TIMEOUT, onLine, signal } = options;
  const charset = options.charset === undefined ? UTF8 : charsetOf(options.charset);
  const security = tls === "off" ? undefined : await makeTls(options);
  const connection = await dialServer(options);
  const first = tls === "implicit" && security ? await security.secure(connection, signal) : connection;
  const control = new ControlConnection(first, { timeout, charset, onLine });
  const onAbort = () => control.close();
  signal?.addEventListener("abort", onAbort);
  try {
    const greeting = await control.finalReply();
    if (greeting.code >= 300) throw refusalOf("Connecting", greeting);
    const isSecure = tls === "implicit" || (security !== undefined && await startTls(control, security, options));
    await authenticate(control, options);
    // Not before the login: some servers list less, or refuse it.
    const features = parseFeatures(await ask(control, "FEAT"));
    if (isSecure) await protectData(control);
    if (features.has("UTF8") && options.charset === undefined) await ask(control, "OPTS", "UTF8 ON");
    await control.request("TYPE", "I");
    return { control, charset, tls: isSecure ? security : undefined, features, greeting: greeting.text };
  } catch (error) {
    control.close();
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}

/** TLS is more than the rest of the client together: it is loaded where it may be used. */
export async function makeTls(
  { host, trust, timeout = DEFAULT_TIMEOUT, maxTlsVersion }: ClientOptions,
): Promise<ClientTls> {
  const [{ ClientTls }, { Trust }] = await Promise.all([import("./tls.ts"), import("./trust.ts")]);
  return new ClientTls({ host, trust: new Trust(trust), timeout, maxVersion: maxTlsVersion });
}

/** Opens the control connection, before its greeting. @throws {ClientError}, or the reason of the signal. */
export async function dialServer(options: ClientOptions): Promise<Connection> {
  const { host: hostname, tls, port = tls === "implicit" ? IMPLICIT_PORT : PORT } = options;
  const { timeout = DEFAULT_TIMEOUT, signal, dial = connectDirectly } = options;
  const late = timeout > 0 ? AbortSignal.timeout(timeout) : undefined;
  const signals = [signal, late].filter((one) => one !== undefined);
  try {
    return await dial({ hostname, port }, AbortSignal.any(signals));
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof ClientError) throw error;
    throw failedDial(`${bracketed(hostname)}:${port}`, error, late?.aborted === true);
  }
}

async function connectDirectly(target: SocketAddress, signal: AbortSignal): Promise<Connection> {
  const connection = await connectTcp(target, signal);
  connection.setNoDelay();
  connection.setKeepAlive();
  return connection;
}

function failedDial(address: string, cause: unknown, isLate: boolean): ClientError {
  const message = messageOf(cause);
  if (isLate) return new ClientError("timeout", `No connection to ${address} in time`, { cause });
  if (cause instanceof Deno.errors.ConnectionRefused) {
    return new ClientError("refused", `${address} refuses connections: is a server running there?`, { cause });
  }
  if (/lookup|resolve|name or service|no such host/i.test(message)) {
    return new ClientError("unknownHost", `No address for the name in ${address}`, { cause });
  }
  return new ClientError("unreachable", `Cannot connect to ${address}: ${message}`, { cause });
}

/** Resolves to whether TLS has begun. */
async function startTls(control: ControlConnection, security: ClientTls, options: ClientOptions): Promise<boolean> {
  const reply = await control.exchange("AUTH", "TLS");
  if (reply.code !== 234) {
    if (options.tls !== "required") return false;
    throw new ClientError("untrusted", `The server offers no TLS: ${reply.code} ${reply.text}`, {
      verb: "AUTH",
      code: reply.code,
      reply: reply.text,
    });
  }
  control.upgrade(await security.secure(control.connection, options.signal));
  return true;
}

async function authenticate(control: ControlConnection, options: ClientOptions): Promise<void> {
  const { user = "anonymous", password = "anonymous@", account } = options;
  let [verb, reply] = ["USER", await control.exchange("USER", user)];
  if (reply.code === 331) {
    const secret = typeof password === "string" ? password : await password();
    [verb, reply] = ["PASS", await control.exchange("PASS", secret)];
  }
  if (reply.code === 332 && account !== undefined) {
    [verb, reply] = ["ACCT", await control.exchange("ACCT", account)];
  }
  if (reply.code < 200 || reply.code >= 300) throw refusalOf(verb, reply);
}

/** RFC 4217 section 9. Without protection a name and its content would cross the network in clear. */
async function protectData(control: ControlConnection): Promise<void> {
  await control.request("PBSZ", "0");
  await control.request("PROT", "P");
}

/** What a server may refuse: `undefined` then. */
async function ask(control: ControlConnection, verb: string, argument?: string): Promise<ParsedReply | undefined> {
  const reply = await control.exchange(verb, argument);
  return reply.code < 300 ? reply : undefined;
}

/** The lines between the first and the last, each after a space (RFC 2389 section 3.2). */
function parseFeatures(reply: ParsedReply | undefined): ReadonlyMap<string, string> {
  const features = new Map<string, string>();
  for (const line of reply?.lines.slice(1, -1) ?? []) {
    const [, name, rest = ""] = /^\s*(?:211-)?\s*(\S+)\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) features.set(name.toUpperCase(), rest.trimEnd());
  }
  return features;
}
