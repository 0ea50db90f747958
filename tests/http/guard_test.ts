import { assertEquals } from "@std/assert";
import { type GuardOptions, makeGuard } from "../../lib/http/guard.ts";
import { Router } from "../../lib/http/router.ts";

/** The status of a request with these fields. */
async function statusOf(
  options: GuardOptions,
  headers: Readonly<Record<string, string>> = {},
  origin = "http://127.0.0.1:8022",
): Promise<number> {
  const router = new Router({ guard: makeGuard(options), routes: { "POST /": () => {} } });
  const response = await router.answer(new Request(`${origin}/`, { method: "POST", headers }));
  await response.body?.cancel();
  return response.status;
}

Deno.test("makeGuard accepts addresses and localhost, but no other names that may point to them", async () => {
  const own = [
    "http://127.0.0.1",
    "http://[::1]:8022",
    "http://localhost:1",
    "http://a.localhost",
    "https://192.0.2.1",
  ];
  for (const origin of own) assertEquals(await statusOf({}, {}, origin), 200, origin);
  for (const origin of ["http://evil.example", "http://localhost.evil.example", "http://fixture"]) {
    assertEquals(await statusOf({}, {}, origin), 403, origin);
  }
  const hosts = (name: string) => name === "fixture";
  assertEquals(await statusOf({ hosts }, {}, "http://fixture:80"), 200);
  assertEquals(await statusOf({ hosts }, {}, "http://evil.example"), 403);
});

Deno.test("makeGuard refuses every web page unless those of the listener itself are welcome", async () => {
  const origin = "http://127.0.0.1:8022";
  const fields: readonly (readonly [Record<string, string>, number])[] = [
    [{ origin }, 200],
    [{ "sec-fetch-site": "none" }, 200],
    [{ origin, "sec-fetch-site": "same-origin" }, 200],
    [{ origin: "http://127.0.0.1:8023" }, 403],
    [{ origin: "https://127.0.0.1:8022" }, 403],
    [{ origin: "http://evil.example" }, 403],
    [{ origin: "null" }, 403],
    [{ origin, "sec-fetch-site": "cross-site" }, 403],
    [{ "sec-fetch-site": "same-site" }, 403],
    [{ "sec-fetch-site": "cross-site" }, 403],
  ];
  for (const [headers, status] of fields) {
    assertEquals(await statusOf({ pages: "own" }, headers), status, JSON.stringify(headers));
    assertEquals(await statusOf({}, headers), 403, JSON.stringify(headers));
  }
  assertEquals(await statusOf({}), 200);
});

Deno.test("makeGuard asks for the token where there is one", async () => {
  const token = "S3cret.token~";
  const refused = ["", "Bearer", "Bearer wrong", `Basic ${token}`, `Bearer ${token}x`, token, `Bearer ${token} more`];
  for (const authorization of refused) assertEquals(await statusOf({ token }, { authorization }), 401, authorization);
  for (const authorization of [`Bearer ${token}`, `bearer  ${token}`]) {
    assertEquals(await statusOf({ token }, { authorization }), 200, authorization);
  }
  assertEquals(await statusOf({ token }), 401);
  assertEquals(await statusOf({ token }, { authorization: `Bearer ${token}` }, "http://evil.example"), 403);
});
