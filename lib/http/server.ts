/**
 * A listener for HTTP that strangers may reach: it bounds what a connection may take before there is a request.
 *
 * On `node:http`, as `Deno.serve` waits for the end of a header for ever and has no limit of connections (Deno 2.9.6:
 * a byte every three seconds was read for as long as it was tried). Runtimes before 2.9 do not end slow headers here
 * either.
 *
 * @module
 */

import { once } from "node:events";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { messageOf } from "../net/message_of.ts";

/** Bytes of all fields of a header. */
const MOST_HEADER_BYTES = 16 * 1024;
/** Milliseconds for a header to arrive, and for a whole request. */
const HEADER_TIMEOUT = 10_000;
const REQUEST_TIMEOUT = 30_000;
/** Milliseconds between two looks for those that are late. */
const LOOK_INTERVAL = 1_000;
/** Milliseconds for which an idle connection is kept. */
const KEEP_ALIVE = 10_000;
/** Connections at the same time, of all and of one address: a page needs two. */
const MOST_CONNECTIONS = 256;
const MOST_OF_ADDRESS = 64;

/** Where to listen: an address, or the path of a Unix socket with its mode, such as `0o600`. */
export type HttpPlace =
  | { readonly hostname: string; readonly port: number }
  | { readonly path: string; readonly mode: number };

/** PEM of a certificate chain and of its key. */
export interface HttpCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Who sent a request. */
export interface HttpPeer {
  /** IP address; `undefined` on a Unix socket. */
  readonly address: string | undefined;
}

/** The options of {@link HttpServer.listen}. */
export interface HttpServerOptions {
  readonly place: HttpPlace;
  /** Absent: without TLS. */
  readonly certificate?: HttpCertificate | undefined;
  /** Answers a request; must not reject. */
  readonly answer: (request: Request, peer: HttpPeer) => Promise<Response>;
  /** Called with each connection that is closed at once, as there are too many. */
  readonly onTooMany?: (address: string) => void;
  /**
   * Milliseconds for a header to arrive.
   *
   * @default 10_000
   */
  readonly headerTimeout?: number;
}

/** A listener. Disposing it ends it with its connections. */
export class HttpServer implements AsyncDisposable {
  readonly #server: Server;
  readonly #secure: boolean;
  readonly #perAddress = new Map<string, number>();

  private constructor(server: Server, { certificate, onTooMany = () => {} }: HttpServerOptions) {
    this.#server = server;
    this.#secure = certificate !== undefined;
    server.maxConnections = MOST_CONNECTIONS;
    server.on("connection", (socket) => {
      const address = socket.remoteAddress;
      if (address === undefined) return;
      const open = this.#perAddress.get(address) ?? 0;
      if (open >= MOST_OF_ADDRESS) {
        socket.destroy();
        return onTooMany(address);
      }
      this.#perAddress.set(address, open + 1);
      socket.once("close", () => this.#left(address));
    });
  }

  /** Opens the place. Rejects with an error of the system if that fails. */
  static async listen(options: HttpServerOptions): Promise<HttpServer> {
    const { place, certificate, answer, headerTimeout = HEADER_TIMEOUT } = options;
    const listener: RequestListener = (request, response) =>
      void respond(request, response, { answer, secure: certificate !== undefined });
    const limits = {
      maxHeaderSize: MOST_HEADER_BYTES,
      headersTimeout: headerTimeout,
      requestTimeout: REQUEST_TIMEOUT,
      connectionsCheckingInterval: Math.min(LOOK_INTERVAL, headerTimeout),
      keepAliveTimeout: KEEP_ALIVE,
    };
    const server = certificate === undefined
      ? (await import("node:http")).createServer(limits, listener)
      : (await import("node:https")).createServer({ ...limits, ...pem(certificate) }, listener);
    const made = new HttpServer(server, options);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once("error", reject);
    if ("path" in place) {
      server.listen(place.path, resolve);
      if (!isThere(place.path)) {
        // Deno 2.6 says that it listens, and does not.
        await promise;
        server.close();
        throw new Error(`Deno ${Deno.version.deno} cannot listen for HTTP on a Unix socket: use an address`);
      }
      // Before, the mode was what the process leaves: mostly nobody else could connect.
      Deno.chmodSync(place.path, place.mode);
    } else server.listen({ host: place.hostname, port: place.port }, resolve);
    await promise;
    server.removeListener("error", reject);
    // Such as one of a handshake: nobody waits for it.
    server.on("error", () => {});
    server.on("tlsClientError", () => {});
    return made;
  }

  /** The port it listens on; `undefined` for a Unix socket. */
  get port(): number | undefined {
    const address = this.#server.address();
    return typeof address === "object" ? address?.port : undefined;
  }

  /** Uses a new certificate for the handshakes from now on. Without TLS it does nothing. */
  renew(certificate: HttpCertificate): void {
    const server: Server & { setSecureContext?: (options: ReturnType<typeof pem>) => void } = this.#server;
    if (this.#secure) server.setSecureContext?.(pem(certificate));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#server.closeAllConnections();
    await promise;
  }

  #left(address: string): void {
    const open = (this.#perAddress.get(address) ?? 1) - 1;
    if (open > 0) this.#perAddress.set(address, open);
    else this.#perAddress.delete(address);
  }
}

function pem({ certificate, privateKey }: HttpCertificate): { readonly cert: string; readonly key: string } {
  return { cert: certificate, key: privateKey };
}

/** How requests are answered. */
interface Answering extends Pick<HttpServerOptions, "answer"> {
  readonly secure: boolean;
}

async function respond(incoming: IncomingMessage, outgoing: ServerResponse, how: Answering): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  outgoing.on("error", () => gone.abort());
  incoming.on("error", () => gone.abort());
  const request = requestOf(incoming, { secure: how.secure, signal: gone.signal });
  const response = request instanceof Response
    ? request
    : await how.answer(request, { address: incoming.socket.remoteAddress });
  // A body that was not read to its end is not read now either.
  const isOver = incoming.complete;
  for (const [name, value] of response.headers) outgoing.appendHeader(name, value);
  if (!isOver) outgoing.setHeader("connection", "close");
  outgoing.writeHead(response.status);
  try {
    for await (const part of response.body ?? []) {
      if (gone.signal.aborted) break;
      // Aborted, or an error, which aborts too: the loop looks.
      if (!outgoing.write(part)) await once(outgoing, "drain", { signal: gone.signal }).catch(() => {});
    }
  } catch {
    // The source of the body failed: what was sent is cut short, which the client notices by its end.
    outgoing.destroy();
  }
  outgoing.end(() => {
    if (!isOver) incoming.socket.destroy();
  });
}

function isThere(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The request, or the answer to one that is none. */
function requestOf(
  incoming: IncomingMessage,
  { secure, signal }: { readonly secure: boolean; readonly signal: AbortSignal },
): Request | Response {
  const { method = "GET", url = "/", headers } = incoming;
  try {
    // Not resolved against a base: "//name/" would be another host.
    if (!url.startsWith("/")) throw new TypeError("The target must be a path");
    const hasBody = method !== "GET" && method !== "HEAD";
    return new Request(`${secure ? "https" : "http"}://${headers.host ?? "localhost"}${url}`, {
      method,
      headers: Object.entries(headers).flatMap(([name, value]) =>
        [value ?? []].flat().map((each): [string, string] => [name, each])
      ),
      ...(hasBody && { body: Readable.toWeb(incoming) as ReadableStream<Uint8Array> }),
      signal,
    });
  } catch (error) {
    return Response.json({ error: `Not a request: ${messageOf(error)}` }, { status: 400 });
  }
}
