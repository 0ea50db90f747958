/**
 * The login of a web page: what a caller has proved once is remembered in a cookie, which no script can read.
 *
 * @module
 */

import type { Routes } from "../http/router.ts";
import { type Caller, requireRole } from "./caller.ts";
import type { Logins } from "./logins.ts";

/** `POST /api/login` answers who the caller is, with the cookie; `POST /api/logout` takes the cookie away. */
export function loginRoutes(logins: Logins): Routes<Caller | undefined> {
  return {
    "POST /api/login": async (_request, given) => {
      const caller = requireRole(given, "view");
      const cookie = await logins.begin(() => caller);
      return answer({ name: caller.name, roles: [...caller.roles] }, cookie);
    },
    "POST /api/logout": async ({ headers }) => answer({ ok: true }, await logins.end(headers)),
  };
}

function answer(body: unknown, cookie: string): Response {
  return Response.json(body, {
    headers: { "set-cookie": cookie, "cache-control": "no-store", "x-content-type-options": "nosniff" },
  });
}
