/**
 * The OpenAPI document of the API, made from the schemas that its requests are checked with.
 *
 * @module
 */

import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";
import { VERSION } from "../version.ts";
import type { Operation } from "./operation.ts";
import { failure } from "./schemas.ts";

type Json = Readonly<Record<string, unknown>>;

/** OpenAPI 3.1 uses this draft of JSON Schema. */
function schemaOf(schema: v.GenericSchema, typeMode: "input" | "output"): Json {
  const { $schema: _, ...converted } = toJsonSchema(schema, {
    target: "draft-2020-12",
    typeMode,
    ignoreActions: ["check", "raw_check", "transform"],
    errorMode: "ignore",
  });
  return converted;
}

const BY_STATUS: Readonly<Record<number, string>> = {
  400: "The request is not as it must be.",
  401: "Nobody has logged in, or the token is wrong.",
  403: "The caller lacks the role, or the request comes from a foreign page or under a foreign name.",
  429: "Too many failed logins: try again later.",
};

/** The document of `operations`. */
export function openApiDocument(operations: readonly Operation[]): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const each of operations) {
    const [method = "", route = ""] = each.route.split(" ");
    const path = route.replaceAll(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[method.toLowerCase()] = describe(each, route);
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Control plane of denoftpd",
      version: VERSION,
      description: "On a Unix socket no login is needed: the mode of the socket decides. On loopback the token of " +
        "--admin-token-file is sent as Authorization: Bearer, or exchanged for a cookie by POST /api/login.",
      license: { name: "MIT", identifier: "MIT" },
    },
    security: [{ token: [] }, { cookie: [] }],
    paths,
    components: {
      schemas: { failure: schemaOf(failure, "output") },
      securitySchemes: {
        token: { type: "http", scheme: "bearer" },
        cookie: { type: "apiKey", in: "cookie", name: "denoftpd" },
      },
    },
  };
}

function describe(each: Operation, route: string): Json {
  const { summary, role, body, failures = {} } = each;
  const statuses = { ...BY_STATUS, ...failures };
  return {
    summary,
    description: `Needs the role \`${role}\`.`,
    ...withParameters(each, route),
    ...(body &&
      { requestBody: { required: true, content: { "application/json": { schema: schemaOf(body, "input") } } } }),
    responses: {
      200: { description: "Done.", content: answerOf(each) },
      ...Object.fromEntries(
        Object.entries(statuses).map(([status, description]) => [status, {
          description,
          content: { "application/json": { schema: { $ref: "#/components/schemas/failure" } } },
        }]),
      ),
    },
  };
}

function answerOf({ answer, media }: Operation): Json {
  if (answer) return { "application/json": { schema: schemaOf(answer, "output") } };
  return { [media ?? "application/json"]: { schema: { type: media === undefined ? "object" : "string" } } };
}

function withParameters({ query = {} }: Operation, route: string): Json {
  const inPath = Array.from(route.matchAll(/:(\w+)/g), ([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(query).map(([name, schema]) => ({
    name,
    in: "query",
    required: false,
    schema: queryType(schema as v.GenericSchema),
  }));
  const parameters = [...inPath, ...inQuery];
  return parameters.length === 0 ? {} : { parameters };
}

/** Inside of an object, as a field that may be absent has no schema of its own. */
function queryType(schema: v.GenericSchema): unknown {
  const { properties } = schemaOf(v.object({ field: schema }), "input");
  return Object(properties).field;
}
