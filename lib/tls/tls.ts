/**
 * Server-side TLS for the rest of the server: a plain {@link Connection} goes in, a protected one comes out. This is the
 * only door; which of the two routes underneath does the work is decided once, when the endpoint is made, by trying it
 * (docs/tls.md has the measurements behind the choice).
 *
 * @module
 */

import type { Connection } from "../net/connection.ts";
import type { CertificateSource } from "./certificates.ts";
import { RelayRoute } from "./relay/route.ts";
import { probeSocketRoute, SocketRoute } from "./node/route.ts";
import type { SecureOptions, TlsRoute } from "./route.ts";
import type { SecureConnection, TlsVersion } from "./route.ts";

export { TlsError } from "./route.ts";
export type { SecureConnection, SecureOptions, TlsErrorReason, TlsVersion } from "./route.ts";

/** The server's end of TLS. Control and data connections go through the same one, or sessions are not resumed. */
export interface TlsEndpoint extends Disposable {
  /** Which route this runtime allows; for the log. */
  readonly route: "socket" | "relay";
  /**
   * Runs the server's side of a handshake on `connection`, which must have no read or write pending. The endpoint owns
   * `connection` from here on: it is closed when the handshake fails, and with the connection returned.
   *
   * Rejects with a {@link TlsError}, and with nothing else, whatever the peer sends.
   */
  secure(connection: Connection, options?: SecureOptions): Promise<SecureConnection>;
}

/** Settings of {@link createTlsEndpoint}. */
export interface TlsEndpointOptions {
  /** The oldest version spoken. TLS 1.2 unless told otherwise; older ones do not exist here (RFC 8996). */
  readonly minVersion?: TlsVersion;
  /** Takes a route instead of trying which one works. For tests and for finding faults. */
  readonly route?: "socket" | "relay";
}

/** Makes the endpoint. `certificates` is asked again at each handshake, so a renewed certificate counts at once. */
export async function createTlsEndpoint(
  certificates: CertificateSource,
  options: TlsEndpointOptions = {},
): Promise<TlsEndpoint> {
  const minVersion = options.minVersion ?? "TLSv1.2";
  const name = options.route ?? (await probeSocketRoute(certificates.select(undefined)) ? "socket" : "relay");
  const route: TlsRoute = name === "socket"
    ? new SocketRoute(certificates, minVersion)
    : new RelayRoute(certificates, minVersion);
  return {
    route: name,
    secure: (connection, secureOptions = {}) => route.secure(connection, secureOptions),
    [Symbol.dispose]: () => route[Symbol.dispose](),
  };
}
