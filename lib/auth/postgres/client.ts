/**
 * Connections to PostgreSQL, and what their errors mean.
 *
 * @module
 */

import postgres from "postgres";
import { messageOf, systemCodeOf } from "../../net/message_of.ts";
import { AccountsError } from "../accounts_error.ts";
import { type DatabaseSecrets, failure } from "./secrets.ts";
import type { Database } from "./url.ts";

/** One connection, on which queries wait for each other. */
export type Sql = postgres.Sql;
/** A connection in a transaction. */
export type Transaction = postgres.TransactionSql;

/** A database with all that is needed to reach it. */
export interface Reachable {
  readonly database: Database;
  readonly secrets: DatabaseSecrets;
}

/** What a connection reports of itself. */
export interface Notices {
  /** Somebody has sent NOTIFY on a channel that is listened to. */
  readonly onNotify?: () => void;
  /** It is closed, by whichever side. */
  readonly onClose?: () => void;
}

/** Seconds to connect, TLS and password included. */
const TIME_TO_CONNECT = 5;
/** Milliseconds for all that is done on a connection with {@link withConnection}. */
const TIME_TO_WORK = 30_000;
/** Seconds that the server is given to take leave. */
const TIME_TO_END = 1;

/** A connection; it is opened by the first query. `end` closes it. */
export function connect({ database, secrets }: Reachable, { onNotify, onClose }: Notices = {}): Sql {
  const { host, port, socket, user, database: name } = database;
  // With `shared` the library takes the options as they are. Otherwise it would look for PGAPPNAME and others in the
  // environment, for which a program with narrow permissions would have to be permitted. Values stay text (no parsers).
  const options = {
    host: [host],
    port: [port],
    path: socket ?? false,
    user,
    pass: secrets.password ?? "",
    database: name,
    max: 1,
    ssl: tlsOptions(database, secrets),
    sslnegotiation: null,
    connect_timeout: TIME_TO_CONNECT,
    idle_timeout: null,
    max_lifetime: null,
    max_pipeline: 100,
    keep_alive: 15,
    backoff: 0,
    // Poolers that give each transaction another connection know no prepared statements.
    prepare: false,
    fetch_types: false,
    debug: false,
    connection: { application_name: "denoftpd" },
    types: {},
    parsers: {},
    serializers: {},
    parameters: {},
    transform: { undefined: undefined, column: {}, value: {}, row: {} },
    shared: { retries: 0, typeArrayMap: {} },
    no_subscribe: true,
    onnotice: () => {},
    onnotify: onNotify,
    onclose: onClose,
  };
  // The types have what `shared` saves from being filled in.
  return postgres(options as unknown as postgres.Options<Record<string, never>>);
}

/** As `node:tls` takes it, or the library's words. */
function tlsOptions(
  { sslMode, rootCertificate, host }: Database,
  { certificates }: DatabaseSecrets,
): false | string | Record<string, unknown> {
  if (sslMode === "disable") return false;
  const ca = certificates === undefined ? {} : { ca: certificates };
  if (sslMode === "verify-full") return { rejectUnauthorized: true, host, ...ca };
  // libpq verifies the certificate under `require`, too, where it has something to verify it with.
  if (sslMode === "verify-ca" || (sslMode === "require" && rootCertificate !== undefined)) {
    return { rejectUnauthorized: true, host, ...ca, checkServerIdentity: () => undefined };
  }
  return sslMode;
}

/**
 * Does `work` on a connection of its own. Rejects with {@link AccountsError} where the database fails, and with what
 * else `work` throws.
 */
export async function withConnection<T>(reachable: Reachable, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = connect(reachable);
  // Ends it at once; what waits for an answer is rejected.
  const timer = setTimeout(() => void sql.end({ timeout: 0 }), TIME_TO_WORK);
  try {
    return await work(sql);
  } catch (error) {
    throw isOfDatabase(error) ? databaseError(reachable, error) : error;
  } finally {
    clearTimeout(timer);
    await sql.end({ timeout: TIME_TO_END });
  }
}

/** Whether the database, the way to it or the library made the error. */
function isOfDatabase(error: unknown): boolean {
  return error instanceof postgres.PostgresError || systemCodeOf(error) !== undefined;
}

/** The error for people. Its cause is a mere code: details of the database's own can have parts of an account. */
export function databaseError(reachable: Reachable, error: unknown): AccountsError {
  if (error instanceof AccountsError) return error;
  const code = systemCodeOf(error) ?? "unknown";
  return failure(reachable.database, meaningOf(reachable, error, code), { cause: code });
}

function meaningOf({ database, secrets }: Reachable, error: unknown, code: string): string {
  const place = database.socket ?? `${database.host}:${database.port}`;
  const said = messageOf(error);
  switch (code) {
    case "ECONNREFUSED":
    case "ENOENT":
      return `Nothing listens at ${place}: is PostgreSQL running there?`;
    case "CONNECT_TIMEOUT":
      return `No answer from ${place} within ${TIME_TO_CONNECT} seconds`;
    case "CONNECTION_DESTROYED":
      return `No answer from ${place} in time`;
    case "CONNECTION_CLOSED":
      return `The connection to ${place} was closed`;
    case "ENOTFOUND":
      return `No address is known for the host "${database.host}"`;
    case "ECONNRESET":
      return database.sslMode === "disable" || database.sslMode === "prefer"
        ? `The connection to ${place} was closed`
        : `${place} does not offer TLS, or closed the connection: turn it on there, or add ?sslmode=disable`;
    // Invalid authorization, invalid password.
    case "28000":
    case "28P01": {
      const hint = "put it into the URL, the variable PGPASSWORD, or a password file with ?passfile=FILE";
      return secrets.password === undefined ? `No password is given (${said}): ${hint}` : `Not let in: ${said}`;
    }
    case "3D000":
      return `There is no database "${database.database}": make it with createdb`;
    // Insufficient privilege.
    case "42501":
      return `User "${database.user}" may not do that: ${said}`;
    case "55P03":
      return "Somebody else is changing the accounts, and does not come to an end";
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return `The certificate of ${place} is not for "${database.host}": ${said}`;
  }
  return /CERT|SELF_SIGNED|ISSUER|VERIFY/.test(code)
    ? `The certificate of ${place} is not trusted (${said}): name its authority with ?sslrootcert=FILE`
    : said;
}
