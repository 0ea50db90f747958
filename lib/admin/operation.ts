/**
 * An operation of the API is one object: where it is, who may call it, what it takes and what it answers. The routes
 * and the OpenAPI document are made from the same objects.
 *
 * @module
 */

import * as v from "valibot";
import { problemsOf } from "../auth/file/values.ts";
import { HttpError } from "../http/http_error.ts";
import type { RoutedRequest } from "../http/routed_request.ts";
import type { AdminBackend } from "./backend.ts";
import type { Caller, Role } from "./caller.ts";

/** Fields by their names, as `v.object` takes them. */
type Entries = v.ObjectEntries;

/** The schemas of what a request carries, and of what it is answered with. */
export interface OperationShape<B extends v.GenericSchema, Q extends Entries> {
  /** Such as `DELETE /api/sessions/:id`. */
  readonly route: string;
  /** One line, beginning in upper case. */
  readonly summary: string;
  /** Who may call it. */
  readonly role: Role;
  /** The body, in JSON. Absent: it has none. */
  readonly body?: B;
  /** The fields of the query, which are text. Absent: there are none. */
  readonly query?: Q;
  /** The answer, in JSON; absent for one that is not. */
  readonly answer?: v.GenericSchema;
  /** What the statuses besides 200 mean, for the document. */
  readonly failures?: Readonly<Record<number, string>>;
  /** The media type of an answer that is not JSON. */
  readonly media?: string;
}

/** What a handler is called with. */
export interface Call<B, Q> {
  readonly body: B;
  readonly query: Q;
  /** The parts of the path, as in `:id`. */
  readonly params: Readonly<Record<string, string>>;
  readonly caller: Caller;
  readonly backend: AdminBackend;
  readonly request: RoutedRequest;
}

/** One operation. */
export interface Operation extends OperationShape<v.GenericSchema, Entries> {
  /** Answers a request. @throws {HttpError} */
  readonly run: (request: RoutedRequest, caller: Caller, backend: AdminBackend) => Promise<unknown>;
}

/**
 * Makes an operation. The handler gets a body and a query that fit their schemas; a request with others is answered
 * with 400 and what is wrong with it.
 */
export function operation<
  B extends v.GenericSchema = v.GenericSchema<undefined>,
  Q extends Entries = Record<never, never>,
>(
  shape: OperationShape<B, Q>,
  handler: (call: Call<v.InferOutput<B>, v.InferOutput<v.StrictObjectSchema<Q, undefined>>>) => unknown,
): Operation {
  const querySchema = v.strictObject(shape.query ?? {} as Q);
  return {
    ...shape,
    run: async (request, caller, backend) => {
      const query = checked("query", querySchema, Object.fromEntries(request.url.searchParams));
      const body = shape.body && checked("body", shape.body, await readBody(request));
      return await handler({ body, query, params: request.params, caller, backend, request });
    },
  };
}

/** Bytes of a body: an account with every field has a tenth of it. */
export const MOST_BODY_BYTES = 256 * 1024;

/** No form of another page can send this type, and no script of one without a question that is refused (CORS). */
async function readBody(request: RoutedRequest): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) throw new HttpError(415, "The body must be application/json");
  return await request.json({ limit: MOST_BODY_BYTES });
}

function checked<S extends v.GenericSchema>(what: string, schema: S, value: unknown): v.InferOutput<S> {
  const { success, output, issues } = v.safeParse(schema, value);
  if (success) return output;
  const problems = problemsOf(issues).map(({ at, message }) => at === "" ? message : `Field "${at}": ${message}`);
  throw new HttpError(400, `The ${what} is not as it must be: ${problems.join("; ")}`);
}
