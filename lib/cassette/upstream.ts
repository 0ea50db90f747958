/**
 * A session with the server that is recorded: its TLS and its data connections are agreed on here, and not by clients.
 *
 * @module
 */

import { UTF8 } from "../client/charset.ts";
import { dialServer, makeTls, withTlsVersion } from "../client/connect.ts";
import { ControlConnection } from "../client/control.ts";
import { DataConnections } from "../client/data_connection.ts";
import { refusalOf } from "../client/errors.ts";
import type { ClientTls } from "../client/tls.ts";
import type { DataConnector } from "../data/connector.ts";
import type { Connection } from "../net/connection.ts";
import type { ParsedReply } from "../protocol/reply_parser.ts";
import type { TlsVersion } from "../tls/route.ts";

/** The server to record. */
export interface Upstream {
  readonly host: string;
  readonly port: number;
  /** `explicit`: by AUTH. Default: in clear. */
  readonly tls?: "explicit" | "implicit" | undefined;
  /** Authorities in PEM form, instead of those of the system. */
  readonly ca?: readonly string[] | undefined;
  /** Sent in place of what clients say. Absent: what they say is passed on. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

/** Milliseconds for the server to connect and to reply. */
const TIMEOUT = 60_000;

/** One control connection, and its data connections. */
export class UpstreamSession {
  readonly control: ControlConnection;
  /** What the server has said first. */
  readonly greeting: ParsedReply;
  readonly #security: ClientTls | undefined;
  readonly #connections: DataConnections;
  #isProtected = false;

  private constructor(control: ControlConnection, greeting: ParsedReply, security: ClientTls | undefined) {
    this.control = control;
    this.greeting = greeting;
    this.#security = security;
    this.#connections = new DataConnections(control, { mode: "passive", timeout: TIMEOUT });
  }

  /** Resolves after the greeting, and over TLS if that is wanted. @throws {ClientError}, or the reason of `signal`. */
  static async open(upstream: Upstream, signal: AbortSignal): Promise<UpstreamSession> {
    return await withTlsVersion((maxVersion) => UpstreamSession.#open(upstream, signal, maxVersion));
  }

  static async #open(upstream: Upstream, signal: AbortSignal, maxTlsVersion: TlsVersion): Promise<UpstreamSession> {
    const { host, port, tls, ca } = upstream;
    const security = tls && await makeTls({ host, timeout: TIMEOUT, maxTlsVersion, ...(ca && { trust: { ca } }) });
    const plain = await dialServer({ host, port, tls: "off", timeout: TIMEOUT, signal });
    const first = tls === "implicit" && security ? await security.secure(plain, signal) : plain;
    const control = new ControlConnection(first, { timeout: TIMEOUT, charset: UTF8 });
    const onAbort = () => control.close();
    signal.addEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
    try {
      const greeting = await control.finalReply();
      if (tls === "explicit" && security && greeting.code < 300) await startTls(control, security, signal);
      return new UpstreamSession(control, greeting, security);
    } catch (error) {
      control.close();
      throw error;
    }
  }

  /** Agrees on a data connection. @throws {ClientError} `reply` for a refusal. */
  async prepareData(): Promise<DataConnector> {
    // Not before the login: some servers refuse it.
    if (this.#security && !this.#isProtected) {
      await this.control.request("PBSZ", "0");
      await this.control.request("PROT", "P");
      this.#isProtected = true;
    }
    return await this.#connections.prepare();
  }

  /** The data connection as it is used, after the server has said that the transfer begins. */
  async protect(connection: Connection, signal: AbortSignal): Promise<Connection> {
    return this.#security ? await this.#security.secure(connection, signal) : connection;
  }
}

async function startTls(control: ControlConnection, security: ClientTls, signal: AbortSignal): Promise<void> {
  const reply = await control.exchange("AUTH", "TLS");
  if (reply.code !== 234) throw refusalOf("AUTH", reply);
  control.upgrade(await security.secure(control.connection, signal));
}
