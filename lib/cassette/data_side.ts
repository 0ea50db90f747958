/**
 * The data connections between the front and its client. They are agreed on here and never recorded: addresses are of
 * the moment, and another client may prefer another command.
 *
 * @module
 */

import { DataConnectionError, type DataConnector } from "../data/connector.ts";
import { LocalEngine } from "../data/local_engine.ts";
import { type PortRange, PortsExhausted } from "../data/port_range.ts";
import type { Connection } from "../net/connection.ts";
import { familyOf, sameAddress } from "../net/ip.ts";
import {
  formatExtendedPassiveText,
  formatPassiveText,
  type ParsedEndpoint,
  parseEprt,
  parseEpsv,
  parsePort,
} from "../protocol/address.ts";

/** Milliseconds for a client to connect. */
const TIMEOUT = 30_000;

/** The commands that agree on a data connection. */
export const DATA_VERBS: ReadonlySet<string> = new Set(["PASV", "EPSV", "PORT", "EPRT"]);

/** The options of a {@link DataSide}. */
export interface DataSideOptions {
  /** The only ports to listen on. Default: any. */
  readonly passivePorts?: PortRange | undefined;
  /** IPv4 address in replies to PASV. Default: that of the control connection. */
  readonly passiveAddress?: string | undefined;
}

/** The data connections of one client. */
export class DataSide {
  readonly #control: Pick<Connection, "localAddr" | "remoteAddr">;
  readonly #options: DataSideOptions;
  readonly #engine = new LocalEngine();
  #connector: DataConnector | undefined;

  constructor(control: Pick<Connection, "localAddr" | "remoteAddr">, options: DataSideOptions) {
    this.#control = control;
    this.#options = options;
  }

  /** Answers one of {@link DATA_VERBS}. Resolves to the reply. */
  async agree(verb: string, argument: string | undefined): Promise<string> {
    this.close();
    try {
      return await this.#agree(verb, argument);
    } catch (error) {
      if (error instanceof PortsExhausted) return "425 All passive ports are in use";
      throw error;
    }
  }

  async #agree(verb: string, argument: string | undefined): Promise<string> {
    if (verb === "PASV") return await this.#passive();
    if (verb === "EPSV") return await this.#extendedPassive(argument);
    return this.#active(verb === "PORT" ? parsePort(argument ?? "") : parseEprt(argument ?? ""));
  }

  /** @throws {DataConnectionError} */
  async open(signal: AbortSignal): Promise<Connection> {
    if (this.#connector === undefined) throw new DataConnectionError("failed", "Use PASV, EPSV, PORT or EPRT first");
    return await this.#connector.open(signal);
  }

  /** Gives up what was agreed on. A connection that was opened stays. */
  close(): void {
    this.#connector?.close();
    this.#connector = undefined;
  }

  /** Resolves when the system has released all ports. */
  async released(): Promise<void> {
    await Promise.all(this.#engine.closing);
  }

  async #listen(): Promise<number> {
    const { hostname } = this.#control.localAddr;
    const { passivePorts: range } = this.#options;
    const connector = await this.#engine.listen({
      ...{ hostname, range, peer: this.#control.remoteAddr.hostname, timeout: TIMEOUT },
    });
    this.#connector = connector;
    return connector.port;
  }

  async #passive(): Promise<string> {
    const hostname = this.#options.passiveAddress ?? this.#control.localAddr.hostname;
    if (familyOf(hostname) !== 4) return "425 PASV is for IPv4: use EPSV";
    return `227 ${formatPassiveText({ hostname, port: await this.#listen() })}`;
  }

  async #extendedPassive(argument: string | undefined): Promise<string> {
    const { kind } = parseEpsv(argument);
    if (kind === "all") return "200 EPSV only";
    if (kind === "syntaxError") return "501 Syntax: EPSV [1|2|ALL]";
    if (kind === "unknownFamily") return "522 Use 1 or 2";
    return `229 ${formatExtendedPassiveText(await this.#listen())}`;
  }

  /** Only to the client itself: others must not be attacked through here (RFC 2577 section 3). */
  #active(parsed: ParsedEndpoint): string {
    if (parsed.kind === "unknownFamily") return "522 Use 1 or 2";
    if (parsed.kind === "syntaxError") return "501 Not an address and a port";
    const { endpoint: target } = parsed;
    if (!sameAddress(target.hostname, this.#control.remoteAddr.hostname)) return "504 Only to your own address";
    this.#connector = this.#engine.dial({ target, timeout: TIMEOUT });
    return "200 Address accepted";
  }
}
