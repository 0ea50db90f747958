/**
 * The files of the console as routes of a listener. They hold no secrets: who sees the page still has to log in.
 *
 * @module
 */

import { HttpError } from "../http/http_error.ts";
import type { RoutedRequest } from "../http/routed_request.ts";
import { CONSOLE_ASSETS, CONSOLE_POLICY } from "./assets.ts";

const FIELDS = {
  "content-security-policy": CONSOLE_POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  // A new version of the server has other files under the same names.
  "cache-control": "no-cache",
} as const;

/** The routes by method and path, for a {@link Router}. */
export function consoleRoutes(): Readonly<Record<string, (request: RoutedRequest) => Response>> {
  return { "GET /:file": ({ params: { file = "" } }) => answer(file) };
}

function answer(file: string): Response {
  const asset = CONSOLE_ASSETS.get(file);
  if (!asset) throw new HttpError(404, `No such path: "/${file}"`);
  return new Response(asset.body, { headers: { ...FIELDS, "content-type": asset.type } });
}
