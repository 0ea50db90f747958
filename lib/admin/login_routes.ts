/**
 * The login of a web page: what a caller has proved once is remembered in a cookie, which no script can read.
 *
 * @module
 */

import * as v from "valibot";
import { HttpError } from "../http/http_error.ts";
import type { RoutedRequest } from "../http/routed_request.ts";
import type { Routes } from "../http/router.ts";
import type { Caller } from "./caller.ts";
import type { Logins } from "./logins.ts";
import { userLogin, type UserLogins } from "./user_logins.ts";

/** Bytes of a body: a name, a password and a code. */
const MOST_BYTES = 16 * 1024;

/**
 * `POST /api/login` sets the cookie and answers with who the caller is, to one who has sent the token or, where there
 * are users, a name and a password. `POST /api/logout` takes the cookie away.
 */
export function loginRoutes(logins: Logins, users?: UserLogins): Routes<Caller | undefined> {
  const whoIs = async (request: RoutedRequest, caller: Caller | undefined): Promise<() => Caller | undefined> => {
    if (caller?.means !== "login" && caller !== undefined) return () => caller;
    if (!users || request.address === undefined) throw new HttpError(401, "Send the token as Authorization: Bearer");
    const { success, output } = v.safeParse(userLogin, await request.json({ limit: MOST_BYTES }));
    if (!success) throw new HttpError(400, "Send a name, a password and, where it is asked for, a code of six digits");
    return await users.check(output, { address: request.address, signal: request.signal });
  };
  return {
    "POST /api/login": async (request, given) => {
      const who = await whoIs(request, given);
      const caller = who();
      if (caller === undefined) throw new HttpError(401, "Wrong name, password or code");
      return answer({ name: caller.name, roles: [...caller.roles] }, await logins.begin(who));
    },
    "POST /api/logout": async ({ headers }) => answer({ ok: true }, await logins.end(headers)),
  };
}

function answer(body: unknown, cookie: string): Response {
  return Response.json(body, {
    headers: { "set-cookie": cookie, "cache-control": "no-store", "x-content-type-options": "nosniff" },
  });
}
