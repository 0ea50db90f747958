/**
 * The other end of the admin API: finds the server, sends requests, and knows what a failure means for the exit status.
 *
 * @module
 */

import { promptSecret } from "@std/cli/prompt-secret";
import type { IncomingMessage, RequestOptions } from "node:http";
import type { SecureContextOptions } from "node:tls";
import { messageOf } from "../../net/message_of.ts";
import type { Flag, GivenFlags } from "../flags.ts";
import type { CommandIo } from "../io.ts";
import { processSources } from "../settings/sources.ts";
import { UsageError } from "../usage_error.ts";
import { addressFlags, type AdminAddress, findAddress } from "./address.ts";
import { type ProofSources, readLogin, readToken } from "./proof.ts";
import { age } from "./tables.ts";

/** Exit statuses besides 0 and 2: not found or refused, no server, a certificate that is not trusted, not let in. */
export const STATUS = { refused: 1, noServer: 7, untrusted: 60, denied: 67 } as const;

/** A request that failed; `status` is the exit status that it means. */
export class AdminFailure extends Error {
  override readonly name = "AdminFailure";
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** A request. */
export interface AdminRequest {
  readonly method?: string;
  /** With the query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer. */
export interface AdminAnswer {
  readonly json: unknown;
  readonly etag: string | undefined;
}

/** Sends requests to one server. Disposing it ends its login. */
export class AdminClient implements AsyncDisposable {
  readonly #address: AdminAddress;
  readonly #sources: ProofSources;
  readonly #ca: string | undefined;
  readonly #token: string | undefined;
  /** The headers that show who asks, once they are needed. */
  #proof: Promise<Headers> | undefined;

  /** @throws {UsageError} if the file with the token, or with certificates, cannot be read. */
  constructor(address: AdminAddress, sources: ProofSources) {
    this.#address = address;
    this.#sources = sources;
    this.#token = address.path === undefined && address.user === undefined ? readToken(address) : undefined;
    this.#ca = address.caFile === undefined ? undefined : readCertificates(address.caFile);
  }

  /** The answer to a request, in JSON. Rejects with {@link AdminFailure}. */
  async ask(request: AdminRequest): Promise<AdminAnswer> {
    return await answerIn(await this.#send(request));
  }

  /** A server keeps logins for an hour. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#proof === undefined || this.#address.user === undefined) return;
    // Who was not let in has nothing to end, nor has who does not reach the server any more.
    const proof = await this.#proof.catch(() => undefined);
    if (proof === undefined) return;
    await this.#exchange({ method: "POST", path: "/api/logout" }, proof).then(answerIn).catch(() => {});
  }

  /** The events that the server sends from now on, each in JSON, until it ends. Rejects with {@link AdminFailure}. */
  async *events(query: URLSearchParams): AsyncGenerator<unknown, void> {
    const response = await this.#send({ path: `/api/events?${query}` });
    if (response.statusCode !== 200) await answerIn(response);
    let rest = "";
    try {
      for await (const chunk of response.setEncoding("utf8")) {
        const frames = (rest + chunk).split("\n\n");
        rest = frames.pop() ?? "";
        for (const frame of frames) {
          const [, data] = /^data: (.*)$/m.exec(frame) ?? [];
          if (data !== undefined) yield JSON.parse(data);
        }
      }
    } catch (error) {
      // The server has ended, which is the end of its events.
      if (!response.destroyed) throw error;
    } finally {
      response.destroy();
    }
  }

  async #send(request: AdminRequest): Promise<IncomingMessage> {
    return await this.#exchange(request, await (this.#proof ??= this.#prove()));
  }

  async #prove(): Promise<Headers> {
    const { path, user } = this.#address;
    if (path !== undefined) return { host: "localhost" };
    if (user === undefined) return { authorization: `Bearer ${this.#token}` };
    const body = readLogin(user, this.#address, this.#sources);
    const response = await this.#exchange({ method: "POST", path: "/api/login", body }, {});
    await answerIn(response);
    const [cookie = ""] = response.headers["set-cookie"]?.[0]?.split(";") ?? [];
    return { cookie };
  }

  async #exchange({ method = "GET", path, body, headers }: AdminRequest, proof: Headers): Promise<IncomingMessage> {
    const { path: socketPath, hostname, port, secure, text } = this.#address;
    const { request } = secure ? await import("node:https") : await import("node:http");
    const content = body === undefined ? undefined : new TextEncoder().encode(JSON.stringify(body));
    const options: RequestOptions & SecureContextOptions = {
      method,
      path,
      agent: false,
      ...(socketPath === undefined ? { host: hostname, port } : { socketPath }),
      ...(this.#ca !== undefined && { ca: this.#ca }),
      headers: {
        ...proof,
        ...(content && { "content-type": "application/json", "content-length": content.length }),
        ...headers,
      },
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = request(options, resolve);
    sent.on("error", (error) => reject(failureToReach(text, error)));
    sent.end(content);
    return await promise;
  }
}

type Headers = Readonly<Record<string, string>>;

function readCertificates(file: string): string {
  try {
    const text = Deno.readTextFileSync(file);
    if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  } catch (error) {
    throw new UsageError(`Flag "--admin-ca": cannot read "${file}": ${messageOf(error)}`);
  }
  throw new UsageError(`Flag "--admin-ca": there is no certificate in "${file}" (PEM)`);
}

/** The codes that OpenSSL has for certificates, which the runtime takes over, and that of a wrong name. */
const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/;

function failureToReach(text: string, error: Error & { readonly code?: string }): AdminFailure {
  const { code = "" } = error;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return new AdminFailure(`The certificate of "${text}" is for another name: ${error.message}`, STATUS.untrusted);
  }
  if (UNTRUSTED.test(code) || /certificate/i.test(error.message)) {
    const help = "name its authority, or itself, with --admin-ca FILE";
    return new AdminFailure(
      `The certificate of "${text}" is not trusted (${messageOf(error)}): ${help}`,
      STATUS.untrusted,
    );
  }
  return new AdminFailure(`No server answers at "${text}": ${messageOf(error)}`, STATUS.noServer);
}

/** The JSON of a response. Rejects with {@link AdminFailure}. */
async function answerIn(response: IncomingMessage): Promise<AdminAnswer> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for await (const chunk of response) chunks.push(Uint8Array.from(chunk as Uint8Array));
  const text = await new Blob(chunks).text();
  const { statusCode = 0, headers } = response;
  if (statusCode === 200) return { json: JSON.parse(text), etag: headers.etag };
  const message = errorIn(text) ?? `The server answered ${statusCode}`;
  const seconds = Number(headers["retry-after"]);
  if (statusCode !== 429 || !Number.isInteger(seconds)) throw failureOf(statusCode, message);
  throw new AdminFailure(`${message} (in ${age(seconds * 1000)})`, STATUS.denied);
}

function failureOf(status: number, message: string): AdminFailure {
  if (status === 400) throw new UsageError(message);
  return new AdminFailure(message, status === 401 || status === 403 ? STATUS.denied : STATUS.refused);
}

function errorIn(text: string): string | undefined {
  try {
    const { error } = Object(JSON.parse(text));
    return typeof error === "string" ? error : undefined;
  } catch {
    return undefined;
  }
}

/** The client for the server that the flags mean. @throws {UsageError} */
export function clientOf(
  given: Pick<GivenFlags<Flag>, "text">,
  io: Partial<Pick<ProofSources, "promptSecret">> = {},
): AdminClient {
  const { env } = processSources;
  return new AdminClient(findAddress({ ...addressFlags(given), env }), {
    env,
    promptSecret: io.promptSecret ?? promptSecret,
  });
}

/** The exit status of `action`, whose {@link AdminFailure} is told in one line. */
export async function withStatus(io: Pick<CommandIo, "stderr">, action: () => Promise<void>): Promise<number> {
  try {
    await action();
    return 0;
  } catch (error) {
    if (!(error instanceof AdminFailure)) throw error;
    io.stderr(`denoftpd: ${error.message}\n`);
    return error.status;
  }
}
