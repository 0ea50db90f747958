/**
 * What every client command works with, made from its flags and the environment.
 *
 * @module
 */

import { charsetOf } from "../../client/charset.ts";
import type { DataMode } from "../../client/data_connection.ts";
import type { ClientTlsMode } from "../../client/options.ts";
import type { ServerCertificate } from "../../client/trust.ts";
import { printable } from "../../client/names.ts";
import { RateLimiter } from "../../client/mod.ts";
import { type Credentials, type CredentialSources, findCredentials } from "../../agent/site/credentials.ts";
import { KnownHosts } from "../../agent/site/known_hosts.ts";
import { findPlaces, type Places } from "../../agent/site/places.ts";
import { dialThrough, findProxy, parseProxy } from "../../agent/site/proxy.ts";
import { SeenServers } from "../../agent/site/servers.ts";
import { Site } from "../../agent/site/site.ts";
import { type FtpUrl, parseFtpUrl } from "../../agent/site/url.ts";
import { Crew } from "../../agent/job/crew.ts";
import { JobReport } from "../../agent/job/events.ts";
import type { Job } from "../../agent/job/job.ts";
import { counted } from "../../net/counted.ts";
import { messageOf } from "../../net/message_of.ts";
import type { Flag, GivenFlags } from "../flags.ts";
import { UsageError } from "../usage_error.ts";
import type { AgentIo } from "./io.ts";
import { Output, type OutputOptions } from "./output.ts";
import { readNumber, readSize, readWord } from "./values.ts";

const TLS_MODES = ["off", "optional", "required", "implicit"] as const satisfies readonly ClientTlsMode[];

/** What a command may choose about a site itself. */
export interface SiteChoices {
  /** Default: from the URL and {@link AgentContext.credentialSources}. */
  readonly credentials?: Credentials;
  /** Default: what the flags say. */
  readonly mode?: DataMode;
}

/** A running command. */
export class AgentContext implements AsyncDisposable {
  readonly given: GivenFlags<Flag>;
  readonly io: AgentIo;
  readonly output: Output;
  readonly report: JobReport;
  readonly #places: Places | undefined;
  readonly #crews = new Map<string, Crew>();
  #hasWarnedOfInsecure = false;
  #limiter: RateLimiter | undefined;

  /** @throws {UsageError} */
  constructor(given: GivenFlags<Flag>, io: AgentIo, options: Pick<OutputOptions, "stdoutIsData" | "bars"> = {}) {
    this.given = given;
    this.io = io;
    this.output = new Output(io, { json: given.isOn("json"), quiet: given.isOn("quiet"), ...options });
    this.report = new JobReport(this.output.event);
    this.#places = placesOf(io);
  }

  /** The URL in an argument. */
  url(text: string | undefined, what = "URL"): FtpUrl {
    if (text === undefined) throw new UsageError(`${what} is missing`);
    return parseFtpUrl(text);
  }

  /**
   * The sessions with the server of `url`; the same ones for the same server and user.
   *
   * @param purpose another word, other sessions: for what waits for one while it has another.
   */
  async crew(url: FtpUrl, purpose = ""): Promise<Crew> {
    const key = JSON.stringify([url.scheme, url.user, url.password, url.host, url.port, purpose]);
    const existing = this.#crews.get(key);
    if (existing) return existing;
    const crew = new Crew(await this.site(url), {
      parallel: Math.max(this.number("parallel", 4, 1, 64), this.#segments),
      retries: this.number("retry", 3, 0, 100),
      signal: this.io.signal,
      onFewer: (sessions) => this.output.warn(`The server accepts no more than ${counted(sessions, "session")}`),
    });
    this.#crews.set(key, crew);
    return crew;
  }

  /** A job on `crew`, as the flags describe it. */
  job(crew: Crew): Job {
    const limit = this.given.text("limit-rate");
    this.#limiter ??= limit === undefined ? undefined : new RateLimiter(readSize("limit-rate", limit));
    return {
      crew,
      report: this.report,
      limiter: this.#limiter,
      segments: this.#segments,
      resume: this.given.isOn("resume"),
      verify: this.given.isOn("verify"),
      times: this.given.isOn("times"),
    };
  }

  get #segments(): number {
    return this.number("segments", 1, 1, 32);
  }

  /** The value of a flag. @throws {UsageError} */
  number(flag: string, fallback: number, least: number, most: number): number {
    const text = this.given.text(flag);
    return text === undefined ? fallback : readNumber(flag, text, least, most);
  }

  /** The last line of `--json`, and the exit status. */
  finish(): number {
    if (this.output.isJson) this.output.object({ event: "summary", ...this.report.summary });
    return this.report.status;
  }

  /** Closes all sessions. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.output[Symbol.dispose]();
    await Promise.all(this.#crews.values().map((crew) => crew[Symbol.asyncDispose]()));
  }

  /** The sources of credentials besides a URL. */
  get credentialSources(): CredentialSources {
    const { given, io } = this;
    return {
      environment: io.environment,
      netrc: given.text("netrc") ?? this.#places?.netrc,
      passwordFd: given.text("password-fd") === undefined ? undefined : this.number("password-fd", 0, 0, 1023),
      prompt: io.promptSecret,
    };
  }

  /** The server of `url`, as the flags say that it is reached. */
  async site(url: FtpUrl, options: SiteChoices = {}): Promise<Site> {
    const { given, io } = this;
    const places = this.#places;
    const tls = given.text("tls");
    const insecure = given.isOn("insecure");
    if (insecure && !this.#hasWarnedOfInsecure) {
      this.#hasWarnedOfInsecure = true;
      this.output.warn("--insecure: the server could be anybody, and everything can be read and changed on the way");
    }
    return await Site.open(url, {
      credentials: options.credentials ?? await findCredentials(url, this.credentialSources),
      tls: tls === undefined ? undefined : readWord("tls", tls, TLS_MODES),
      ca: await Promise.all(given.texts("ca").map(readAuthorities)),
      pins: given.texts("pin").map(readPin),
      insecure,
      knownHosts: places && new KnownHosts(places.knownHosts),
      seenServers: places && new SeenServers(places.servers),
      ask: io.ask && ((server, certificate, reason) => this.#askAbout(server, certificate, reason)),
      warn: (text) => this.output.warn(text),
      timeout: this.number("timeout", 30, 1, 3600) * 1000,
      charset: readCharset(given.text("charset")),
      mode: options.mode ?? (given.isOn("active") ? "active" : "passive"),
      dial: this.#dial(url),
      sendsAhead: !given.isOn("no-pipelining"),
      onLine: given.isOn("verbose")
        ? ({ direction, text }) => io.stderr(`${direction === "sent" ? ">" : "<"} ${printable(text)}\n`)
        : undefined,
    });
  }

  /** Whether connections to the server of `url` go through a proxy. */
  isProxied(url: FtpUrl): boolean {
    return this.#proxy(url) !== undefined;
  }

  #proxy(url: FtpUrl) {
    const named = this.given.text("proxy");
    if (named === "none") return undefined;
    return named === undefined ? findProxy(url.host, this.io.environment) : parseProxy(named);
  }

  #dial(url: FtpUrl) {
    const proxy = this.#proxy(url);
    if (proxy && this.given.isOn("active")) {
      throw new UsageError('Flag "--active" is not possible through a proxy: the server cannot connect to this host');
    }
    return proxy && dialThrough(proxy);
  }

  async #askAbout(server: string, certificate: ServerCertificate, reason: string): Promise<boolean> {
    const { subject, issuer, validTo, names, pin } = certificate;
    const shown = [
      `The certificate of ${server} is not trusted: ${reason}.`,
      `  for      ${subject.replaceAll("\n", ", ")}`,
      `  names    ${names.join(", ")}`,
      `  issuer   ${issuer.replaceAll("\n", ", ")}`,
      `  until    ${validTo}`,
      `  SHA-256  ${pin}`,
    ];
    const question = `${shown.map((line) => printable(line)).join("\n")}\nTrust this key from now on? [y/N] `;
    return /^y(?:es)?$/i.test(await this.io.ask?.(question) ?? "");
  }
}

/** Without a home nothing is remembered, and nobody is asked what could not be remembered. */
function placesOf({ environment }: AgentIo): Places | undefined {
  try {
    return findPlaces(environment);
  } catch {
    return undefined;
  }
}

async function readAuthorities(path: string): Promise<string> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new UsageError(`Flag "--ca": file "${path}" cannot be read: ${messageOf(error)}`);
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----")) {
    throw new UsageError(`Flag "--ca": file "${path}" has no certificate in PEM form`);
  }
  return text;
}

/** @throws {UsageError} before anything is sent. */
function readCharset(label: string | undefined): string | undefined {
  try {
    if (label !== undefined) charsetOf(label);
    return label;
  } catch (error) {
    throw new UsageError(`Flag "--charset": ${messageOf(error)}`);
  }
}

function readPin(text: string): string {
  const pin = text.replaceAll(":", "").toLowerCase();
  if (/^[0-9a-f]{64}$/.test(pin)) return pin;
  throw new UsageError(
    'Flag "--pin" must be the SHA-256 of a public key: 64 hexadecimal digits, with or without colons',
  );
}
