/**
 * A server as a user reaches it: where it is, how to log in, whether it is trusted, and what is known of it.
 *
 * @module
 */

import { AheadKnowledge } from "../../client/ahead.ts";
import { Client } from "../../client/client.ts";
import type { DialogueLine } from "../../client/control.ts";
import type { DataMode } from "../../client/data_connection.ts";
import type { Dial } from "../../client/dial.ts";
import { ClientError } from "../../client/errors.ts";
import type { ClientOptions, ClientTlsMode } from "../../client/options.ts";
import type { TrustOptions } from "../../client/trust.ts";
import { bracketed, isLoopback } from "../../net/ip.ts";
import { messageOf } from "../../net/message_of.ts";
import { present } from "../../net/present.ts";
import type { Credentials } from "./credentials.ts";
import type { AskAboutCertificate, KnownHosts } from "./known_hosts.ts";
import type { SeenServers, ServerFacts } from "./servers.ts";
import { type FtpUrl, tlsModeOf } from "./url.ts";

/** How to reach a server, besides its URL. */
export interface SiteOptions {
  readonly credentials: Credentials;
  /** Default: what the scheme of the URL asks for. */
  readonly tls?: ClientTlsMode | undefined;
  /** Certificates of authorities in PEM form, instead of those of the system. */
  readonly ca?: readonly string[] | undefined;
  /** The only public keys that are trusted, each as its SHA-256 in hexadecimal digits. */
  readonly pins?: readonly string[] | undefined;
  /** Trusts every certificate. @default false */
  readonly insecure?: boolean | undefined;
  /** Certificates that were accepted before. */
  readonly knownHosts?: KnownHosts | undefined;
  /** What was seen of servers before. */
  readonly seenServers?: SeenServers | undefined;
  /** Asks about an unknown certificate; absent where nobody can be asked. */
  readonly ask?: AskAboutCertificate | undefined;
  /** Called with what the user should know, in words. */
  readonly warn: (text: string) => void;
  /** Milliseconds to connect, for a handshake, and for a reply. @default 30_000 */
  readonly timeout?: number | undefined;
  /** How the server encodes names. @default "utf-8" */
  readonly charset?: string | undefined;
  /** Who opens data connections. @default "passive" */
  readonly mode?: DataMode | undefined;
  /** Opens connections, for example through a proxy. Default: directly. */
  readonly dial?: Dial | undefined;
  /** Whether commands may be sent while a transfer runs, where the server takes them. @default true */
  readonly sendsAhead?: boolean | undefined;
  /** Called with every line of control connections; passwords are masked. */
  readonly onLine?: ((line: DialogueLine) => void) | undefined;
}

const DEFAULT_PORTS: Readonly<Record<ClientTlsMode, number>> = { off: 21, optional: 21, required: 21, implicit: 990 };

/** Makes sessions with one server. */
export class Site {
  /** `host:port`. */
  readonly name: string;
  readonly url: FtpUrl;
  /** Whether the server takes commands during a transfer, as far as is known; `undefined`: they are not sent. */
  readonly ahead: AheadKnowledge | undefined;
  readonly #options: SiteOptions;
  readonly #tls: ClientTlsMode;
  readonly #seen: ServerFacts;
  #hasWarned = false;

  private constructor(url: FtpUrl, options: SiteOptions, seen: ServerFacts) {
    this.url = url;
    this.#options = options;
    this.#seen = seen;
    this.#tls = options.tls ?? tlsModeOf(url);
    this.name = siteName(url, this.#tls);
    this.ahead = options.sendsAhead === false
      ? undefined
      : new AheadKnowledge(seen.takesAhead, (takesAhead) => void this.#remember({ takesAhead }));
  }

  /** A site; nothing is connected yet. @throws {AgentError} `wrongUse` for broken files of the user. */
  static async open(url: FtpUrl, options: SiteOptions): Promise<Site> {
    const name = siteName(url, options.tls ?? tlsModeOf(url));
    return new Site(url, options, await options.seenServers?.find(name) ?? {});
  }

  /**
   * Connects and logs in. TLS that was there before is required now.
   *
   * @throws {ClientError}, {AgentError}, or the reason of the signal.
   */
  async connect(signal?: AbortSignal): Promise<Client> {
    const hadTls = this.#tls === "optional" && this.#seen.tls !== undefined;
    try {
      const client = await Client.connect(this.#optionsWith(hadTls ? "required" : this.#tls, signal));
      await this.#note(client);
      return client;
    } catch (error) {
      if (!(hadTls && error instanceof ClientError && error.verb === "AUTH")) throw error;
      throw new ClientError(
        "untrusted",
        `${this.name} had TLS before (${this.#seen.tls}) and refuses it now (${error.code} ${error.reply}): ` +
          "somebody may be between you and the server. Only with --tls off is it used in clear",
        { cause: error },
      );
    }
  }

  /** What {@link connect} hands to the client, with TLS as it was asked for. */
  clientOptions(signal?: AbortSignal): ClientOptions {
    return this.#optionsWith(this.#tls, signal);
  }

  #optionsWith(tls: ClientTlsMode, signal: AbortSignal | undefined): ClientOptions {
    const { credentials, timeout, charset, mode, dial, onLine } = this.#options;
    const { host, port } = this.url;
    return present<ClientOptions>({
      ...{ host, port, tls, timeout, charset, mode, dial, onLine, signal, ahead: this.ahead },
      ...credentials,
      trust: this.#trust(),
    });
  }

  #trust(): TrustOptions {
    const { ca, pins, insecure, knownHosts, ask } = this.#options;
    // Whoever names authorities or keys wants these and no others.
    const isStrict = (ca?.length ?? 0) + (pins?.length ?? 0) > 0;
    const judge: TrustOptions["ask"] = isStrict || !knownHosts
      ? undefined
      : (certificate, reason) => knownHosts.judge(this.name, certificate, reason, ask);
    // An empty list is no list: with one, no authority at all would be trusted.
    return present<TrustOptions>({ ca: ca?.length ? ca : undefined, pins, insecure, ask: judge });
  }

  async #note(client: Client): Promise<void> {
    if (client.isSecure) {
      if (this.#seen.tls === undefined) await this.#remember({ tls: new Date().toISOString().slice(0, 10) });
    } else if (this.#tls === "optional" && !this.#hasWarned && !isOnThisHost(this.url.host)) {
      this.#hasWarned = true;
      this.#options.warn(`${this.name} offers no TLS: the password and all files cross the network in clear`);
    }
  }

  /** What was seen makes the next job quicker and safer; without it this one still goes on. */
  async #remember(facts: ServerFacts): Promise<void> {
    try {
      await this.#options.seenServers?.remember(this.name, facts);
    } catch (error) {
      this.#options.warn(messageOf(error));
    }
  }
}

/** What is said to it crosses no network. */
function isOnThisHost(host: string): boolean {
  return host === "localhost" || isLoopback(host);
}

function siteName({ host, port }: FtpUrl, tls: ClientTlsMode): string {
  return `${bracketed(host)}:${port ?? DEFAULT_PORTS[tls]}`;
}
