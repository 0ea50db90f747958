/**
 * Who a request comes from: decided for each, before anything else of it is looked at.
 *
 * @module
 */

import { bearerOf, type Guard, isSameToken, makeGuard } from "../http/guard.ts";
import { HttpError } from "../http/http_error.ts";
import { isLoopback } from "../net/ip.ts";
import { type Caller, callerWithAllRoles } from "./caller.ts";
import type { Logins } from "./logins.ts";

/** The options of {@link makeAccess}. */
export interface AccessOptions {
  /** The listener is a Unix socket: whoever can open it may do everything. */
  readonly isSocket: boolean;
  /** Opens everything, from this machine only. */
  readonly token?: string | undefined;
  /** Those who have logged in. */
  readonly logins: Logins;
  /** Host names to accept besides addresses and localhost: those of the certificate. */
  readonly hosts?: (hostname: string) => boolean;
  /** Called with each request that is refused because of who sends it. */
  readonly onRefused?: (reason: string, address: string | undefined) => void;
}

/** A guard that finds the caller; `undefined` without one, which few operations accept. */
export function makeAccess(options: AccessOptions): Guard<Caller | undefined> {
  const { isSocket, token, logins, hosts, onRefused = () => {} } = options;
  const guard = makeGuard({ pages: "own", ...(hosts && { hosts }) });
  const find = async (request: Request, address: string | undefined): Promise<Caller | undefined> => {
    if (isSocket) return callerWithAllRoles("socket");
    const given = bearerOf(request.headers);
    if (given === undefined) return await logins.find(request.headers, address);
    const isHere = address !== undefined && isLoopback(address);
    if (token !== undefined && isHere && await isSameToken(given, token)) return callerWithAllRoles("token", address);
    throw new HttpError(401, isHere ? "The token is wrong" : "The token is only for this machine: log in by name");
  };
  return async (request, url, address) => {
    try {
      await guard(request, url);
      return await find(request, address);
    } catch (error) {
      if (error instanceof HttpError) onRefused(error.message, address);
      throw error;
    }
  };
}
