/**
 * The kinds of values that say where to listen besides the ports of FTP.
 *
 * @module
 */

import * as v from "valibot";
import { isDatabaseUrl, parseDatabaseUrl } from "../../auth/postgres/url.ts";
import { bracketed, familyOf } from "../../net/ip.ts";
import { messageOf } from "../../net/message_of.ts";
import { type Kind, nonEmpty, textual } from "./kinds.ts";

/** Where to listen: an address and a port. */
export interface Endpoint {
  /** An IPv4 or IPv6 address, without brackets. */
  readonly hostname: string;
  /** 0: any free one. */
  readonly port: number;
}

/** `127.0.0.1:9273`, or `[::1]:9273`. */
export const endpoint: Kind<Endpoint> = textual(
  v.pipe(
    v.string(),
    v.check(
      (value) => parseEndpoint(value) !== undefined,
      "must be an IP address and a port such as 127.0.0.1:9273 or [::1]:9273",
    ),
    v.transform((value) => parseEndpoint(value) ?? { hostname: "", port: 0 }),
  ),
  ({ hostname, port }) => `${bracketed(hostname)}:${port}`,
);

function parseEndpoint(text: string): Endpoint | undefined {
  const [, inBrackets, plain, digits = ""] = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)):(\d{1,5})$/i.exec(text) ?? [];
  const hostname = inBrackets ?? plain;
  const port = Number(digits);
  if (hostname === undefined || port > 65535 || familyOf(hostname) === undefined) return undefined;
  return { hostname, port };
}

/** Where accounts are kept: the path of a file, or the URL of a database. */
export const accountsPlaceKind: Kind<string> = textual(v.pipe(
  nonEmpty,
  v.check((value) => databaseProblem(value) === undefined, ({ input }) => databaseProblem(input) ?? ""),
));

function databaseProblem(text: string): string | undefined {
  try {
    if (isDatabaseUrl(text)) parseDatabaseUrl(text);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Where an administrator reaches the server: the path of a Unix socket, or an address. */
export type AdminPlace = { readonly path: string } | Endpoint;

/** `unix:PATH`, `127.0.0.1:8022` or `[::1]:8022`. */
export const adminPlace: Kind<AdminPlace> = textual(
  v.pipe(
    v.string(),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }): AdminPlace => {
      const [, path] = /^unix:(.+)$/s.exec(value) ?? [];
      if (path !== undefined) return { path };
      const place = parseEndpoint(value);
      if (place !== undefined) return place;
      addIssue({ message: "must be an IP address with a port, such as 127.0.0.1:8022, or unix:PATH" });
      return NEVER;
    }),
  ),
  (place) => "path" in place ? `unix:${place.path}` : endpoint.format(place),
);
