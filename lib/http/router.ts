/**
 * Answers HTTP requests by a table of routes, as JSON. Independent of sockets: a listener passes it requests.
 *
 * Our own, as hono 4 would do only the matching of paths: it answers an unknown method 404 instead of 405 with `Allow`
 * (RFC 9110 section 15.5.6), leaves the errors and the guard to us, and takes 38 ms to load, half of what the
 * executable's fixture needs to be ready.
 *
 * @module
 */

import { messageOf } from "../net/message_of.ts";
import type { Guard } from "./guard.ts";
import { HttpError } from "./http_error.ts";
import { RoutedRequest } from "./routed_request.ts";

/**
 * Answers one request; the context is what the guard has found out. A value is sent as JSON, `undefined` as
 * `{"ok": true}`, a `Response` as it is. What it throws becomes `{"error": "…"}`.
 */
export type Handler<C = void> = (request: RoutedRequest, context: C) => unknown;

/**
 * Handlers by method and path: `"GET /sessions"`, `"DELETE /sessions/:id"`, `"PUT /files/*"`. `:name` is one segment of
 * the path, `*` at the end all that is left of it. Of several paths that match, the first in the table counts. HEAD is
 * answered like GET, without the body.
 */
export type Routes<C = void> = Readonly<Record<string, Handler<C>>>;

/** The options of a {@link Router}. */
export interface RouterOptions<C = void> {
  readonly routes: Routes<C>;
  /** Asked first; it refuses a request by throwing an {@link HttpError}. */
  readonly guard: Guard<C>;
  /**
   * The status for an error of a handler that is not an {@link HttpError}, whose message is then sent. `undefined`: the
   * answer is 500 and says nothing about it.
   */
  readonly statusOf?: (error: unknown) => number | undefined;
  /** Called with an error that is answered 500. */
  readonly onError?: (error: unknown) => void;
}

/** A path of the table, and the methods that it takes. */
interface Route<C> {
  readonly segments: readonly string[];
  readonly handlers: Map<string, Handler<C>>;
}

/** Fields of every answer in JSON: it is of this moment, and never anything but JSON. */
const JSON_FIELDS = { "cache-control": "no-store", "x-content-type-options": "nosniff" } as const;

/** Answers requests. */
export class Router<C = void> {
  readonly #options: RouterOptions<C>;
  readonly #routes = new Map<string, Route<C>>();

  constructor(options: RouterOptions<C>) {
    this.#options = options;
    for (const [key, handler] of Object.entries(options.routes)) {
      const [method = "", path = ""] = key.split(" ");
      const route = this.#routes.get(path) ?? { segments: path.split("/"), handlers: new Map() };
      route.handlers.set(method, handler);
      this.#routes.set(path, route);
    }
  }

  /** The answer to a request. Never rejects. @param address of the client, for the guard. */
  async answer(request: Request, address?: string): Promise<Response> {
    const response = await this.#answer(request, address);
    return request.method === "HEAD" ? new Response(null, response) : response;
  }

  async #answer(request: Request, address: string | undefined): Promise<Response> {
    try {
      const url = new URL(request.url);
      const context = await this.#options.guard(request, url, address);
      const { handler, params } = this.#find(request.method, url.pathname);
      const answer = await handler(new RoutedRequest(request, { url, params, address }), context);
      return answer instanceof Response ? answer : Response.json(answer ?? { ok: true }, { headers: JSON_FIELDS });
    } catch (error) {
      return this.#refusal(error);
    }
  }

  /** @throws {HttpError} 404, 405, or 400 if the path cannot be decoded. */
  #find(
    method: string,
    path: string,
  ): { readonly handler: Handler<C>; readonly params: Readonly<Record<string, string>> } {
    const segments = path.split("/");
    for (const { segments: pattern, handlers } of this.#routes.values()) {
      const params = match(pattern, segments);
      if (!params) continue;
      const handler = handlers.get(method) ?? (method === "HEAD" ? handlers.get("GET") : undefined);
      if (handler) return { handler, params };
      const known = [...handlers.keys(), ...(handlers.has("GET") ? ["HEAD"] : [])];
      throw new HttpError(405, `"${path}" does not take ${method}`, { allow: known.join(", ") });
    }
    throw new HttpError(404, `No such path: "${path}"`);
  }

  #refusal(error: unknown): Response {
    if (error instanceof HttpError) return errorResponse(error.status, error.message, error.headers);
    const status = this.#options.statusOf?.(error);
    if (status !== undefined) return errorResponse(status, messageOf(error));
    this.#options.onError?.(error);
    return errorResponse(500, "Internal error");
  }
}

function errorResponse(status: number, error: string, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json({ error }, { status, headers: { ...JSON_FIELDS, ...headers } });
}

/** What the parts of `pattern` stand for in a path; `undefined` if it does not match. */
function match(pattern: readonly string[], path: readonly string[]): Record<string, string> | undefined {
  const open = pattern.at(-1) === "*";
  if (open ? path.length < pattern.length : path.length !== pattern.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    if (open && index === pattern.length - 1) params["*"] = decode(path.slice(index).join("/"));
    else if (part.startsWith(":")) params[part.slice(1)] = decode(path[index] ?? "");
    else if (part !== path[index]) return undefined;
  }
  return params;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new HttpError(400, `Not a valid path: "${part}"`);
  }
}
