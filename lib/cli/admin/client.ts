/**
 * The other end of the admin API: finds the server, sends requests, and knows what a failure means for the exit status.
 *
 * @module
 */

import type { IncomingMessage, RequestOptions } from "node:http";
import { messageOf } from "../../net/message_of.ts";
import type { Flag, GivenFlags } from "../flags.ts";
import type { CommandIo } from "../io.ts";
import { parseFrom } from "../settings/kinds.ts";
import { adminPlace } from "../settings/place_kinds.ts";
import { processSources } from "../settings/sources.ts";
import { variableOf } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

/** Exit statuses besides 0 and 2: not found or refused, no server, and not let in. */
export const STATUS = { refused: 1, noServer: 7, denied: 67 } as const;

/** A request that failed; `status` is the exit status that it means. */
export class AdminFailure extends Error {
  override readonly name = "AdminFailure";
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Where the server is, and how it lets us in. */
export interface AdminAddress {
  /** Of a Unix socket; absent: {@link hostname} and {@link port}. */
  readonly path?: string;
  readonly hostname?: string;
  readonly port?: number;
  /** The file with the token. */
  readonly tokenFile?: string | undefined;
  /** For people. */
  readonly text: string;
}

/** What the search for a server looks at. */
export interface AddressSources {
  /** `--admin` and `--admin-token-file`. */
  readonly admin: string | undefined;
  readonly tokenFile: string | undefined;
  /** An environment variable; `undefined` also if reading it is not permitted. */
  readonly env: (name: string) => string | undefined;
}

/**
 * The server that is meant: `--admin`, else `DENOFTPD_ADMIN`, else the socket in `$XDG_RUNTIME_DIR`.
 *
 * @throws {UsageError} for an address that is none, and where there is nothing to go by.
 */
export function findAddress({ admin, tokenFile, env }: AddressSources): AdminAddress {
  const variable = variableOf("admin");
  const given = admin ?? env(variable);
  const source = admin === undefined ? `Environment variable "${variable}"` : 'Flag "--admin"';
  const directory = env("XDG_RUNTIME_DIR");
  const text = given ?? (directory === undefined ? undefined : `unix:${directory}/denoftpd.sock`);
  if (text === undefined) {
    throw new UsageError(`Which server? Name its address with --admin or ${variable}, as "serve --admin" has it`);
  }
  const place = parseFrom(source, text, adminPlace);
  return { ...place, text, tokenFile: tokenFile ?? env(variableOf("adminTokenFile")) };
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

/** Sends requests to one server. */
export class AdminClient {
  readonly #address: AdminAddress;
  readonly #token: string | undefined;

  /** @throws {UsageError} if the file with the token cannot be read. */
  constructor(address: AdminAddress) {
    this.#address = address;
    this.#token = address.path === undefined ? readToken(address.tokenFile) : undefined;
  }

  /** The answer to a request, in JSON. Rejects with {@link AdminFailure}. */
  async ask(request: AdminRequest): Promise<AdminAnswer> {
    const response = await this.#send(request);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of response) chunks.push(Uint8Array.from(chunk as Uint8Array));
    const text = await new Blob(chunks).text();
    const { statusCode = 0, headers } = response;
    if (statusCode === 200) return { json: JSON.parse(text), etag: headers.etag };
    throw failureOf(statusCode, errorIn(text) ?? `The server answered ${statusCode}`);
  }

  /** The events that the server sends from now on, each in JSON, until it ends. Rejects with {@link AdminFailure}. */
  async *events(query: URLSearchParams): AsyncGenerator<unknown, void> {
    const response = await this.#send({ path: `/api/events?${query}` });
    if (response.statusCode !== 200) {
      let text = "";
      for await (const chunk of response.setEncoding("utf8")) text += chunk;
      throw failureOf(response.statusCode ?? 0, errorIn(text) ?? "The server sends no events");
    }
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

  async #send({ method = "GET", path, body, headers = {} }: AdminRequest): Promise<IncomingMessage> {
    const { request } = await import("node:http");
    const { path: socketPath, hostname, port, text } = this.#address;
    const content = body === undefined ? undefined : new TextEncoder().encode(JSON.stringify(body));
    const options: RequestOptions = {
      method,
      path,
      agent: false,
      ...(socketPath === undefined ? { host: hostname, port } : { socketPath }),
      headers: {
        ...(socketPath !== undefined && { host: "localhost" }),
        ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
        ...(content && { "content-type": "application/json", "content-length": content.length }),
        ...headers,
      },
    };
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const sent = request(options, resolve);
    sent.on(
      "error",
      (error) => reject(new AdminFailure(`No server answers at "${text}": ${messageOf(error)}`, STATUS.noServer)),
    );
    sent.end(content);
    return await promise;
  }
}

function readToken(file: string | undefined): string {
  if (file === undefined) {
    throw new UsageError(
      `An address needs the token of the server: name its file with --admin-token-file or ${
        variableOf("adminTokenFile")
      }`,
    );
  }
  try {
    return Deno.readTextFileSync(file).trim();
  } catch (error) {
    throw new UsageError(`Cannot read the token in "${file}": ${messageOf(error)}`);
  }
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
export function clientOf(given: Pick<GivenFlags<Flag>, "text">): AdminClient {
  return new AdminClient(findAddress({
    admin: given.text("admin"),
    tokenFile: given.text("admin-token-file"),
    env: processSources.env,
  }));
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
