/**
 * The data connections of a client: passive, where the client connects, or active, where the server does.
 *
 * @module
 */

import { DataConnectionError, type DataConnector } from "../data/connector.ts";
import { LocalEngine } from "../data/local_engine.ts";
import type { Connection } from "../net/connection.ts";
import { familyOf } from "../net/ip.ts";
import { formatEprt, formatPort, parseExtendedPassiveText, parsePassiveText } from "../protocol/address.ts";
import type { ControlConnection } from "./control.ts";
import { ClientError, nonsense } from "./errors.ts";

/** Who connects. `passive`: the client, which works through NAT and firewalls on its side. */
export type DataMode = "passive" | "active";

/** The options of {@link DataConnections}. */
export interface DataConnectionOptions {
  readonly mode: DataMode;
  /** Milliseconds until a connection must be there; 0: no limit. */
  readonly timeout: number;
}

/** Agrees with the server on data connections. Remembers which commands it does not know. */
export class DataConnections {
  readonly #control: ControlConnection;
  readonly #options: DataConnectionOptions;
  readonly #engine = new LocalEngine();
  /** The server has refused EPSV or EPRT as unknown: only PASV or PORT is asked for from then on. */
  #isOld = false;

  constructor(control: ControlConnection, options: DataConnectionOptions) {
    this.#control = control;
    this.#options = options;
  }

  /** Agrees on one connection. It is opened beside the command for the transfer. */
  async prepare(): Promise<DataConnector> {
    return this.#options.mode === "passive" ? await this.#passive() : await this.#active();
  }

  async #passive(): Promise<DataConnector> {
    const { hostname } = this.#control.connection.remoteAddr;
    const port = await this.#extendedPassivePort() ?? await this.#passivePort();
    // The address in a 227 reply is ignored: behind NAT it is often wrong, and a hostile server could have the client
    // connect anywhere (CVE-2020-8284).
    return this.#engine.dial({ target: { hostname, port }, timeout: this.#options.timeout });
  }

  async #extendedPassivePort(): Promise<number | undefined> {
    const reply = await this.#requestNew("EPSV");
    if (!reply) return undefined;
    const port = parseExtendedPassiveText(reply.text);
    if (port === undefined) throw nonsense("EPSV", "address", reply.text);
    return port;
  }

  async #passivePort(): Promise<number> {
    const { text } = await this.#control.request("PASV");
    const port = parsePassiveText(text)?.port;
    if (port === undefined) throw nonsense("PASV", "address", text);
    return port;
  }

  async #active(): Promise<DataConnector> {
    const { localAddr, remoteAddr } = this.#control.connection;
    const { hostname } = localAddr;
    const { timeout } = this.#options;
    const connector = await this.#engine.listen({ hostname, peer: remoteAddr.hostname, timeout });
    try {
      const endpoint = { hostname, port: connector.port };
      const isAgreed = await this.#requestNew("EPRT", formatEprt(endpoint));
      if (!isAgreed) await this.#control.request("PORT", formatPort(endpoint));
      return connector;
    } catch (error) {
      connector.close();
      throw error;
    }
  }

  /** A command of RFC 2428; `undefined` if this server only knows the older one, which IPv6 has not. */
  async #requestNew(verb: "EPSV" | "EPRT", argument?: string) {
    const hasOlder = familyOf(this.#control.connection.remoteAddr.hostname) === 4;
    if (this.#isOld && hasOlder) return undefined;
    try {
      return await this.#control.request(verb, argument);
    } catch (error) {
      const isUnknown = error instanceof ClientError && error.kind === "reply" && (error.code ?? 0) >= 500;
      if (!isUnknown || !hasOlder) throw error;
      this.#isOld = true;
      return undefined;
    }
  }
}

/** Waits for the connection. @throws {ClientError} `dataConnection`, or the reason of the signal. */
export async function openData(connector: DataConnector, signal: AbortSignal): Promise<Connection> {
  try {
    return await connector.open(signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const why = error instanceof DataConnectionError ? error.message : String(error);
    const hint = connector.kind === "passive"
      ? "the server could not connect to this host; try passive mode"
      : "a firewall may block its ports; try active mode";
    throw new ClientError("dataConnection", `No data connection: ${why} (${hint})`, { cause: error });
  }
}
