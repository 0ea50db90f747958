/**
 * Server-side TLS for the rest of the server: a plain {@link Connection} goes in, a protected one comes out. This is
 * the only entry; which of the two routes does the work is decided once, when the endpoint is created, by trying it
 * (docs/tls.md has the measurements for this choice).
 *
 * @module
 */

import type { Connection, PrepareListener } from "../net/connection.ts";
import type { CertificateSource } from "./certificates.ts";
import type { SecureOptions, TlsRoute } from "./route.ts";
import { DEFAULT_TLS_VERSION, type SecureConnection, type TlsVersion } from "./route.ts";

export { TlsError } from "./route.ts";
export type { SecureConnection, SecureOptions, TlsErrorReason, TlsVersion } from "./route.ts";

/**
 * The server's TLS endpoint. Control and data connections must use the same one, as otherwise sessions cannot be
 * resumed.
 */
export interface TlsEndpoint extends Disposable {
  /** The route that this runtime supports; for the log. */
  readonly route: "socket" | "relay";
  /**
   * Runs the server's side of a handshake on `connection`, which must have no read or write pending. The endpoint owns
   * `connection` from here on: it is closed when the handshake fails, and together with the returned connection.
   *
   * Rejects with a {@link TlsError}, and with nothing else, whatever the peer sends.
   */
  secure(connection: Connection, options?: SecureOptions): Promise<SecureConnection>;
}

/** The options of {@link createTlsEndpoint}. */
export interface TlsEndpointOptions {
  /**
   * The oldest version accepted; versions before TLS 1.2 are not supported (RFC 8996).
   *
   * @default "TLSv1.2"
   */
  readonly minVersion?: TlsVersion;
  /** Use this route instead of finding out which one works. For tests and for finding faults. */
  readonly route?: "socket" | "relay";
  /**
   * Called with the address of each listener of the relay route. Without it, that route answers the first command after
   * a handshake, and sends a small file, some 40 ms late: Nagle's algorithm (RFC 896) holds them back until the session
   * tickets of TLS 1.3 are acknowledged. `NativeIo.prepareListener` prevents that; the runtime cannot, as its
   * connections under TLS have no `setNoDelay`.
   */
  readonly prepareListener?: PrepareListener | undefined;
}

/** Creates the endpoint. `certificates` is queried at each handshake, so a renewed certificate is used at once. */
export async function createTlsEndpoint(
  certificates: CertificateSource,
  options: TlsEndpointOptions = {},
): Promise<TlsEndpoint> {
  const minVersion = options.minVersion ?? DEFAULT_TLS_VERSION;
  const { probeSocketRoute, SocketRoute } = await import("./node/route.ts");
  const name = options.route ?? (await probeSocketRoute(certificates.select(undefined)) ? "socket" : "relay");
  const route: TlsRoute = name === "socket"
    ? new SocketRoute(certificates, minVersion)
    : new (await import("./relay/route.ts")).RelayRoute(certificates, {
      minVersion,
      prepareListener: options.prepareListener,
    });
  return {
    route: name,
    secure: (connection, secureOptions = {}) => route.secure(connection, secureOptions),
    [Symbol.dispose]: () => route[Symbol.dispose](),
  };
}
