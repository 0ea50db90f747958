/**
 * Which server a command is for, and how it proves that it may: the flags and variables of it.
 *
 * @module
 */

import { isLoopback } from "../../net/ip.ts";
import type { Flag, GivenFlags } from "../flags.ts";
import { parseFrom } from "../settings/kinds.ts";
import { adminPlace } from "../settings/place_kinds.ts";
import { variableOf } from "../settings/table.ts";
import { UsageError } from "../usage_error.ts";

/** How a command proves that it may, where the server is at an address. */
export const PROOF_FLAGS = [
  { name: "admin-token-file", value: "FILE", help: "the file with the token of a server on this machine" },
  {
    name: "admin-user",
    value: "NAME",
    help: "log in by name, as in the server's --admin-users; the password is asked for, or in DENOFTPD_ADMIN_PASSWORD",
  },
  { name: "admin-password-file", value: "FILE", help: "the file with that password" },
  { name: "admin-code", value: "CODE", help: "the code of the authenticator app, where it is not asked for" },
  { name: "admin-ca", value: "FILE", help: "trust certificates of this authority (PEM), or this certificate itself" },
] as const satisfies readonly Flag[];

/** The flags by which every command finds its server. */
export const ADMIN_FLAGS = [
  {
    name: "admin",
    value: "ADDR",
    help: "the server: HOST:PORT, https://HOST:PORT or unix:PATH (DENOFTPD_ADMIN, or " +
      "unix:$XDG_RUNTIME_DIR/denoftpd.sock)",
  },
  ...PROOF_FLAGS,
] as const satisfies readonly Flag[];

/** Where the server is, and how it lets us in. */
export interface AdminAddress {
  /** Of a Unix socket; absent: {@link hostname} and {@link port}. */
  readonly path?: string;
  /** An address or a name, without brackets. */
  readonly hostname?: string;
  readonly port?: number;
  /** Under TLS. */
  readonly secure?: boolean;
  /** The file with the token. */
  readonly tokenFile?: string | undefined;
  /** Who logs in; the token is not used then. */
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly code?: string | undefined;
  /** The file with certificates to trust besides those of the system. */
  readonly caFile?: string | undefined;
  /** For people. */
  readonly text: string;
}

/** What the search for a server looks at. */
export interface AddressSources {
  /** `--admin`. */
  readonly admin: string | undefined;
  /** `--admin-token-file`. */
  readonly tokenFile: string | undefined;
  /** `--admin-user`, `--admin-password-file`, `--admin-code` and `--admin-ca`. */
  readonly login?: Pick<AdminAddress, "user" | "passwordFile" | "code" | "caFile">;
  /** An environment variable; `undefined` also if reading it is not permitted. */
  readonly env: (name: string) => string | undefined;
}

/** What the flags of a command line say. */
export function addressFlags(given: Pick<GivenFlags<Flag>, "text">): Omit<AddressSources, "env"> {
  return {
    admin: given.text("admin"),
    tokenFile: given.text("admin-token-file"),
    login: {
      user: given.text("admin-user"),
      passwordFile: given.text("admin-password-file"),
      code: given.text("admin-code"),
      caFile: given.text("admin-ca"),
    },
  };
}

/**
 * The server that is meant: `--admin`, else `DENOFTPD_ADMIN`, else the socket in `$XDG_RUNTIME_DIR`.
 *
 * @throws {UsageError} for an address that is none, and where there is nothing to go by.
 */
export function findAddress({ admin, tokenFile, login = {}, env }: AddressSources): AdminAddress {
  const variable = variableOf("admin");
  const given = admin ?? env(variable);
  const source = admin === undefined ? `Environment variable "${variable}"` : 'Flag "--admin"';
  const directory = env("XDG_RUNTIME_DIR");
  const text = given ?? (directory === undefined ? undefined : `unix:${directory}/denoftpd.sock`);
  if (text === undefined) {
    throw new UsageError(`Which server? Name its address with --admin or ${variable}, as "serve --admin" has it`);
  }
  const address = { ...placeOf(source, text), ...login, text };
  if ("path" in address || login.user !== undefined) return address;
  if (!isHere(address.hostname)) {
    throw new UsageError(
      `${source}: "${text}" is not this machine, where a token does not count: add --admin-user NAME`,
    );
  }
  return { ...address, tokenFile: tokenFile ?? env(variableOf("adminTokenFile")) };
}

type Place = { readonly path: string } | Required<Pick<AdminAddress, "hostname" | "port" | "secure">>;

/** A server is under TLS where others than this machine reach it; a URL says so itself. */
function placeOf(source: string, text: string): Place {
  if (!/^https?:/i.test(text)) {
    const place = parseFrom(source, text, adminPlace);
    return "path" in place ? place : { ...place, secure: !isLoopback(place.hostname) };
  }
  const url = URL.parse(text);
  if (url === null || url.pathname !== "/" || url.search + url.hash + url.username + url.password !== "") {
    throw new UsageError(`${source} must be a URL such as https://ftp.example.org:8022, not "${text}"`);
  }
  const [hostname, secure] = [url.hostname.replace(/^\[|\]$/g, ""), url.protocol === "https:"];
  if (!secure && !isHere(hostname)) {
    throw new UsageError(`${source}: passwords are sent only by https, not to "${text}"`);
  }
  return { hostname, secure, port: Number(url.port) || (secure ? 443 : 80) };
}

function isHere(hostname: string): boolean {
  return hostname === "localhost" || isLoopback(hostname);
}
