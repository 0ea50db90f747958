/**
 * Who calls the API, and what they may do.
 *
 * @module
 */

import { HttpError } from "../http/http_error.ts";

/** What callers may do: read everything; end sessions and decide about bans; change accounts; reload and drain. */
export const ROLES = ["view", "sessions", "accounts", "config"] as const;

/** One of {@link ROLES}. */
export type Role = typeof ROLES[number];

/** How a caller was recognized: by the Unix socket, by the token of the file, or by a login. */
export type Means = "socket" | "token" | "login";

/** Who sent a request. */
export interface Caller {
  /** For the audit: `socket`, `token`, or the name of a user. */
  readonly name: string;
  readonly means: Means;
  readonly roles: ReadonlySet<Role>;
  /** IP address; `undefined` on a Unix socket. */
  readonly address: string | undefined;
}

/** A caller who may do everything. */
export function callerWithAllRoles(means: Means, address?: string): Caller {
  return { name: means, means, roles: new Set(ROLES), address };
}

/** @throws {HttpError} 401 without a caller, 403 for one without the role. */
export function requireRole(caller: Caller | undefined, role: Role): Caller {
  if (caller === undefined) {
    throw new HttpError(401, "This needs a login: send the token as Authorization: Bearer, or log in", {
      "www-authenticate": "Bearer",
    });
  }
  if (!caller.roles.has(role)) throw new HttpError(403, `This needs the role "${role}", which "${caller.name}" lacks`);
  return caller;
}
