/**
 * TLS of one session: on its control connection, and on data connections as PROT asks.
 *
 * @module
 */

import type { ProtectedData, SecurityState } from "../commands/context.ts";
import type { DataOpened, Problem, SessionEvent } from "../events.ts";
import { closeQuietly, type Connection } from "../net/connection.ts";
import type { Options } from "../options.ts";
import { EarlyTls } from "../tls/early_tls.ts";
import { type SecureConnection, TlsError } from "../tls/tls.ts";

/** The session whose connections are protected. */
export interface ProtectedSession {
  readonly id: string;
  readonly options: Pick<Options, "tls" | "handshakeTimeout" | "network">;
  readonly security: SecurityState;
  report(event: Omit<DataOpened, keyof SessionEvent> | Omit<Problem, keyof SessionEvent>): void;
}

/** See `CommandContext.awaitHandshake`. */
export function awaitHandshake(session: ProtectedSession, connection: Connection): Connection {
  return new EarlyTls(connection, (early) => session.security.protectData ? secure(session, early) : undefined);
}

/** See `CommandContext.protectData`. */
export async function protectData(
  session: ProtectedSession,
  connection: Connection,
  signal: AbortSignal,
): Promise<ProtectedData> {
  const secured = await protect(session, connection, signal);
  reportData(session, secured);
  const wrapped = session.options.network?.wrap?.(secured, { purpose: "data", session: session.id }) ?? secured;
  // A hook may not pass on what it does not know: truncation is detected even so.
  return { connection: wrapped, tls: wrapped.tls ?? secured.tls };
}

function reportData(session: ProtectedSession, connection: Connection): void {
  session.report({
    type: "dataOpened",
    secure: session.security.protectData,
    ...(connection.tls && { resumed: connection.tls.resumed }),
  });
}

async function protect(
  session: ProtectedSession,
  connection: Connection,
  signal: AbortSignal,
): Promise<Connection> {
  const { tls } = session.options;
  const begun = connection instanceof EarlyTls ? connection.takeOver(signal) : undefined;
  if (!tls || !session.security.protectData) {
    if (begun) throw new TlsError("protocol", "The client started TLS on a data connection that should be in clear");
    return connection;
  }
  const secured = await (begun ?? secure(session, connection, signal));
  if (tls.sessionReuse !== "off" && !secured.tls.resumed) {
    session.report({ type: "problem", level: "warning", message: "A data connection did not resume a TLS session" });
    if (tls.sessionReuse === "require") {
      closeQuietly(secured);
      throw new TlsError("protocol", "The data connection must resume a TLS session");
    }
  }
  return secured;
}

/** Rejects, with the connection closed, when the handshake fails. */
export function secure(
  session: ProtectedSession,
  connection: Connection,
  signal?: AbortSignal,
): Promise<SecureConnection> {
  const { tls, handshakeTimeout } = session.options;
  if (!tls) throw new Error("AUTH or PROT P was accepted without TLS");
  return tls.endpoint.secure(connection, { handshakeTimeout, ...(signal && { signal }) });
}
