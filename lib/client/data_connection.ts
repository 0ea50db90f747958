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
import { type Dial, DialledConnector } from "./dial.ts";
import type { ParsedReply } from "../protocol/reply_parser.ts";
import { ClientError, nonsense, refusalOf } from "./errors.ts";

/** The success of each command (RFC 2428 section 3, RFC 959). */
export const PASSIVE_CODES = { EPSV: 229, PASV: 227 } as const;

/** Who connects. `passive`: the client, which works through NAT and firewalls on its side. */
export type DataMode = "passive" | "active";

/** The options of {@link DataConnections}. */
export interface DataConnectionOptions {
  readonly mode: DataMode;
  /** Milliseconds until a connection must be there; 0: no limit. */
  readonly timeout: number;
  /**
   * Opens passive connections to the server as it was named: the control connection may be that of a proxy. Default:
   * directly, to the address of the control connection.
   */
  readonly via?: { readonly dial: Dial; readonly host: string } | undefined;
}

/** Agrees with the server on data connections. Remembers which commands it does not know. */
export class DataConnections {
  readonly #control: ControlConnection;
  readonly #options: DataConnectionOptions;
  readonly #engine = new LocalEngine();
  /** The server has refused EPSV or EPRT as unknown: only PASV or PORT is asked for from then on. */
  #isOld = false;
  /** Has worked here. */
  #known: "EPSV" | "PASV" | undefined;

  constructor(control: ControlConnection, options: DataConnectionOptions) {
    this.#control = control;
    this.#options = options;
  }

  /**
   * The command for a connection whose reply {@link accept} takes, for when it is sent before its turn; `undefined`
   * while it is not known which one the server knows, and in active mode.
   */
  get command(): "EPSV" | "PASV" | undefined {
    return this.#known;
  }

  /** Agrees on one connection. It is opened beside the command for the transfer. */
  async prepare(): Promise<DataConnector> {
    return this.#options.mode === "passive" ? await this.#passive() : await this.#active();
  }

  /** The connection that the reply to {@link command} names. @throws {ClientError} */
  accept({ code, text }: ParsedReply): DataConnector {
    const verb = this.#known ?? "EPSV";
    if (code !== PASSIVE_CODES[verb]) throw refusalOf(verb, { code, text });
    return this.#dial(verb, text);
  }

  async #passive(): Promise<DataConnector> {
    const reply = await this.#requestNew("EPSV");
    if (reply) return this.#dial("EPSV", reply.text);
    return this.#dial("PASV", (await this.#control.request("PASV")).text);
  }

  /**
   * The address in a 227 reply is ignored: behind NAT it is often wrong, and a hostile server could have the client
   * connect anywhere (CVE-2020-8284).
   */
  #dial(verb: "EPSV" | "PASV", text: string): DataConnector {
    const port = verb === "EPSV" ? parseExtendedPassiveText(text) : parsePassiveText(text)?.port;
    if (port === undefined) throw nonsense(verb, "address", text);
    this.#known = verb;
    const { timeout, via } = this.#options;
    if (via) return new DialledConnector({ hostname: via.host, port }, via.dial, timeout);
    const { hostname } = this.#control.connection.remoteAddr;
    return this.#engine.dial({ target: { hostname, port }, timeout });
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
