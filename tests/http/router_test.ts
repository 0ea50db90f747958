import { assertEquals, assertStringIncludes } from "@std/assert";
import { HttpError } from "../../lib/http/http_error.ts";
import { Router, type RouterOptions, type Routes } from "../../lib/http/router.ts";

const URL_BASE = "http://127.0.0.1:1";

/** The status, the JSON and the fields of the answer to a request. */
async function ask(
  router: Router,
  line: string,
  body?: BodyInit,
): Promise<{ status: number; body: unknown; headers: Headers }> {
  const [method = "", path = ""] = line.split(" ");
  const init = { method, ...(body !== undefined && { body }) };
  const response = await router.answer(new Request(`${URL_BASE}${path}`, init));
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text), headers: response.headers };
}

function routerOf(routes: Routes, options: Partial<RouterOptions> = {}): Router {
  return new Router({ guard: () => {}, ...options, routes });
}

Deno.test("Router answers with what the handler of method and path returns, as JSON", async () => {
  const router = routerOf({
    "GET /": ({ url }) => ({ at: url.origin }),
    "DELETE /": () => {},
    "GET /text": () => new Response('"as it is"', { status: 202 }),
  });
  const { status, body, headers } = await ask(router, "GET /");
  assertEquals([status, body], [200, { at: URL_BASE }]);
  assertEquals(headers.get("content-type"), "application/json");
  assertEquals([headers.get("cache-control"), headers.get("x-content-type-options")], ["no-store", "nosniff"]);
  assertEquals((await ask(router, "DELETE /")).body, { ok: true });
  const { status: other, body: text } = await ask(router, "GET /text");
  assertEquals([other, text], [202, "as it is"]);
});

Deno.test("Router decodes the parts of a path, and lets the first pattern that matches count", async () => {
  const router = routerOf({
    "GET /sessions/mine": () => "mine",
    "GET /sessions/:id": ({ params }) => params,
    "GET /sessions/:id/transfers/:number": ({ params }) => params,
    "GET /files/*": ({ params }) => params,
  });
  assertEquals((await ask(router, "GET /sessions/mine")).body, "mine");
  assertEquals((await ask(router, "GET /sessions/1%2F2")).body, { id: "1/2" });
  assertEquals((await ask(router, "GET /sessions/1/transfers/7")).body, { id: "1", number: "7" });
  assertEquals((await ask(router, "GET /files/")).body, { "*": "" });
  assertEquals((await ask(router, "GET /files/a%20b/c?d=e")).body, { "*": "a b/c" });
  assertEquals((await ask(router, "GET /files")).status, 404);
  assertEquals((await ask(router, "GET /sessions/1/")).status, 404);
  const broken = await ask(router, "GET /sessions/%ff");
  assertEquals([broken.status, broken.body], [400, { error: 'Not a valid path: "%ff"' }]);
});

Deno.test("Router names the methods that a path takes in a 405, and answers HEAD as GET without the body", async () => {
  const router = routerOf({ "GET /faults": () => [], "PUT /faults": () => {}, "POST /stop": () => {} });
  const refused = await ask(router, "DELETE /faults");
  assertEquals([refused.status, refused.headers.get("allow")], [405, "GET, PUT, HEAD"]);
  assertEquals(refused.body, { error: '"/faults" does not take DELETE' });
  assertEquals((await ask(router, "HEAD /stop")).headers.get("allow"), "POST");
  const { status, body, headers } = await ask(router, "HEAD /faults");
  assertEquals([status, body, headers.get("content-type")], [200, undefined, "application/json"]);
});

Deno.test("Router asks the guard before it answers anything", async () => {
  const guard = () => Promise.reject(new HttpError(401, "No", { "www-authenticate": "Bearer" }));
  const router = routerOf({ "GET /": () => "secret" }, { guard });
  for (const line of ["GET /", "PUT /", "GET /nothing"]) {
    const { status, body, headers } = await ask(router, line);
    assertEquals([status, body, headers.get("www-authenticate")], [401, { error: "No" }, "Bearer"]);
  }
});

Deno.test("Router answers 500 without the message of an error that it does not know, and reports it", async () => {
  const error = new Error("password is wonderland");
  const errors: unknown[] = [];
  const routes: Routes = {
    "GET /": () => {
      throw error;
    },
  };
  const { status, body } = await ask(routerOf(routes, { onError: (error) => errors.push(error) }), "GET /");
  assertEquals([status, body, errors], [500, { error: "Internal error" }, [error]]);
  const known = await ask(routerOf(routes, { statusOf: () => 409 }), "GET /");
  assertEquals([known.status, known.body], [409, { error: error.message }]);
});

Deno.test("Router takes no body that is longer than the handler allows, with or without its length", async () => {
  const router = routerOf({
    "PUT /": async (request) => (await request.bytes({ limit: 4 })).length,
    "PUT /json": (request) => request.json(),
  });
  /** A body whose length nobody says. */
  const chunks = (...texts: string[]) => ReadableStream.from(texts).pipeThrough(new TextEncoderStream());
  assertEquals((await ask(router, "PUT /", "1234")).body, 4);
  assertEquals((await ask(router, "PUT /", chunks("12", "34"))).body, 4);
  for (const body of ["12345", chunks("123", "45", "6")]) {
    const { status, body: answer } = await ask(router, "PUT /", body);
    assertEquals([status, answer], [413, { error: "The body may have 4 bytes at most" }]);
  }
  assertEquals((await ask(router, "PUT /json", '{"a":1}')).body, { a: 1 });
  assertEquals((await ask(router, "PUT /json", `"${"x".repeat(2 ** 20)}"`)).status, 413);
  for (const body of ["{", "", new Uint8Array([0x22, 0xff, 0x22])]) {
    const { status, body: answer } = await ask(router, "PUT /json", body);
    assertEquals(status, 400);
    assertStringIncludes(JSON.stringify(answer), "The body is not JSON");
  }
});
