/**
 * The URL of a database, as libpq and its programs take it (PostgreSQL documentation, section 34.1.1.2).
 *
 * @module
 */

import { bracketed, isLoopback } from "../../net/ip.ts";

/** How a connection is encrypted, in libpq's words, but `allow`, which is of no use to anybody. */
export const SSL_MODES = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;

/** One of {@link SSL_MODES}. */
export type SslMode = typeof SSL_MODES[number];

/** A database, and how it is reached. */
export interface Database {
  /** The URL without password and parameters. */
  readonly name: string;
  /** A name or an address, without brackets; for {@link socket} what the password file has for it. */
  readonly host: string;
  readonly port: number;
  /** The path of the Unix socket; absent: TCP. */
  readonly socket?: string;
  readonly user: string;
  /** From the URL; absent: see `secrets.ts`. */
  readonly password?: string;
  readonly database: string;
  readonly sslMode: SslMode;
  /** A file with the certificates that are trusted, in PEM; absent: those of the runtime. */
  readonly rootCertificate?: string;
  /** A file in the form of `~/.pgpass`. */
  readonly passFile?: string;
}

const DEFAULT_PORT = 5432;
const PARAMETERS = ["sslmode", "sslrootcert", "passfile"] as const;

/** Whether `text` is meant as the URL of a database, valid or not. */
export function isDatabaseUrl(text: string): boolean {
  return /^postgres(ql)?:/i.test(text);
}

/**
 * The database at `text`. Without `sslmode` a database on this machine is asked for TLS and may do without (`prefer`);
 * any other has to prove who it is (`verify-full`), where libpq would talk to whoever answers.
 *
 * @throws {RangeError} whose message completes the sentence "The URL …", without any part of it that may be secret.
 */
export function parseDatabaseUrl(text: string): Database {
  const url = URL.parse(text);
  if (!isDatabaseUrl(text) || !url || url.hash !== "") throw new RangeError("must be postgres://USER@HOST/DATABASE");
  const user = decoded(url.username);
  const database = decoded(url.pathname.slice(1));
  if (user === "" || database === "" || database.includes("/")) {
    throw new RangeError("must name a user and a database: postgres://USER@HOST/DATABASE");
  }
  const values = parameters(url);
  // A Unix socket is named by its directory, as in postgres://ftp@%2Frun%2Fpostgresql/accounts.
  const host = decoded(url.hostname).replace(/^\[|\]$/g, "");
  if (host.includes(",")) throw new RangeError("must name one host: several are not tried one after the other");
  const port = Number(url.port || DEFAULT_PORT);
  const socket = host.startsWith("/") ? `${host}/.s.PGSQL.${port}` : undefined;
  const isLocal = socket !== undefined || host === "localhost" || isLoopback(host);
  const rootCertificate = values.get("sslrootcert");
  const passFile = values.get("passfile");
  return {
    name: `postgres://${url.username}@${socket === undefined ? bracketed(host) : url.hostname}:${port}/${database}`,
    host: socket === undefined ? host : "localhost",
    port,
    ...(socket !== undefined && { socket }),
    user,
    ...(url.password !== "" && { password: decoded(url.password) }),
    database,
    sslMode: socket === undefined ? sslMode(values.get("sslmode"), isLocal) : "disable",
    ...(rootCertificate !== undefined && rootCertificate !== "system" && { rootCertificate }),
    ...(passFile !== undefined && { passFile }),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new RangeError("must not have a % that is not followed by two hexadecimal digits");
  }
}

function parameters({ searchParams }: URL): Map<string, string> {
  if (searchParams.has("password")) {
    throw new RangeError("must not have its password among the parameters: USER:PASSWORD@HOST, PGPASSWORD or passfile");
  }
  for (const [name, value] of searchParams) {
    if (!PARAMETERS.some((known) => known === name)) {
      throw new RangeError(`must not have the parameter "${name}": there are ${PARAMETERS.join(", ")}`);
    }
    if (value === "") throw new RangeError(`must have a value for the parameter "${name}"`);
  }
  return new Map(searchParams);
}

function sslMode(text: string | undefined, isLocal: boolean): SslMode {
  if (text === undefined) return isLocal ? "prefer" : "verify-full";
  const mode = SSL_MODES.find((each) => each === text);
  if (mode === undefined) throw new RangeError(`must have as sslmode one of ${SSL_MODES.join(", ")}`);
  return mode;
}
