/**
 * The API of the control plane: independent of sockets, a listener passes it requests.
 *
 * @module
 */

import type { Guard } from "../http/guard.ts";
import { Router, type Routes } from "../http/router.ts";
import type { RoutedRequest } from "../http/routed_request.ts";
import type { AdminBackend } from "./backend.ts";
import { type Caller, requireRole } from "./caller.ts";
import { MOST_BODY_BYTES, type Operation } from "./operation.ts";
import { OPERATIONS } from "./operations.ts";

/** What is remembered of a change, before it is made. */
export interface Change {
  readonly caller: Caller;
  readonly method: string;
  /** The path and the query. */
  readonly target: string;
  /** The body without its secrets, in JSON; `undefined` without one. */
  readonly body: unknown;
}

/** Keeps changes: the audit. */
export interface ChangeRecorder {
  /** Keeps a change that is about to be made. A change that cannot be kept is not made: it rejects then. */
  begun(change: Change): Promise<number>;
  /** Adds that the change with that number was not made, and why. */
  failed(change: number, error: unknown): Promise<void>;
}

/** The options of {@link AdminApi}. */
export interface ApiOptions {
  readonly backend: AdminBackend;
  /** Finds the caller of a request. */
  readonly access: Guard<Caller | undefined>;
  /** Absent: changes are not kept. */
  readonly audit?: ChangeRecorder | undefined;
  /** More than the operations of the table: those of the login, and the files of the console. */
  readonly more?: Routes<Caller | undefined>;
}

/** Answers requests. */
export class AdminApi {
  readonly #options: ApiOptions;
  readonly #router: Router<Caller | undefined>;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#router = new Router<Caller | undefined>({
      guard: options.access,
      routes: {
        ...Object.fromEntries(OPERATIONS.map((each) => [each.route, this.#handlerOf(each)])),
        // Loaded when it is asked for: few ever do.
        "GET /api/openapi.json": async () => (await import("./openapi.ts")).openApiDocument(OPERATIONS),
        ...options.more,
      },
      onError: (error) =>
        options.backend.report({
          type: "problem",
          level: "error",
          message: "A request to the admin API failed",
          error,
        }),
    });
  }

  /** The answer to a request from `address`, which a Unix socket has none of. Never rejects. */
  answer(request: Request, address: string | undefined): Promise<Response> {
    return this.#router.answer(request, address);
  }

  #handlerOf(each: Operation): (request: RoutedRequest, caller: Caller | undefined) => Promise<unknown> {
    const { backend } = this.#options;
    const isChange = !each.route.startsWith("GET ");
    return async (request, given) => {
      const caller = requireRole(given, each.role);
      if (!isChange || !this.#options.audit) return await each.run(request, caller, backend);
      return await this.#recorded(this.#options.audit, request, caller, each);
    };
  }

  async #recorded(audit: ChangeRecorder, request: RoutedRequest, caller: Caller, each: Operation): Promise<unknown> {
    const [method = ""] = each.route.split(" ");
    const target = request.url.pathname + request.url.search;
    const body = each.body && masked(await request.json({ limit: MOST_BODY_BYTES }));
    const number = await audit.begun({ caller, method, target, body });
    try {
      return await each.run(request, caller, this.#options.backend);
    } catch (error) {
      await audit.failed(number, error);
      throw error;
    }
  }
}

/** The fields of a body, with what is secret replaced. */
function masked(body: unknown): unknown {
  if (typeof body !== "object" || body === null) return body;
  return "password" in body ? { ...body, password: "***" } : body;
}
