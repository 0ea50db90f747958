/**
 * The common part of the two TLS routes: their contract, the error they reject with, and the limits of an unfinished
 * handshake.
 *
 * @module
 */

import { startDeadline } from "../net/deadline.ts";
import { messageOf } from "../net/message_of.ts";
import type { Connection, TlsFacts } from "../net/connection.ts";

/** The supported protocol versions. */
export type TlsVersion = "TLSv1.2" | "TLSv1.3";

/** The oldest version accepted where none is named. */
export const DEFAULT_TLS_VERSION: TlsVersion = "TLSv1.2";

/** A connection after its handshake. `closeWrite` sends close_notify, then FIN; `close` alone sends neither. */
export interface SecureConnection extends Connection {
  /** The negotiated version. */
  readonly protocol: TlsVersion;
  /** The cipher suite by its IANA name, such as `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  /** What TLS has found out about this connection. */
  readonly tls: TlsFacts;
  /** The name the peer asked for (SNI), in lower case. */
  readonly serverName: string | undefined;
}

/** The options of one handshake. */
export interface SecureOptions {
  /** Aborts the handshake. It has no effect on the connection afterwards. */
  readonly signal?: AbortSignal;
  /** Milliseconds for the whole handshake. No limit when 0 or absent. */
  readonly handshakeTimeout?: number;
}

/**
 * Why a handshake failed: `protocol`: invalid bytes from the peer, `closed`: the peer has gone, `unavailable`: our own
 * side.
 */
export type TlsErrorReason = "timeout" | "aborted" | "closed" | "protocol" | "unavailable";

/** A failed handshake. */
export class TlsError extends Error {
  /** Always `TlsError`. */
  override readonly name = "TlsError";
  /** Why it failed. */
  readonly reason: TlsErrorReason;

  /** `cause` is the error of the runtime, if there is one. */
  constructor(reason: TlsErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** One implementation of server-side TLS. */
export interface TlsRoute extends Disposable {
  secure(connection: Connection, options: SecureOptions): Promise<SecureConnection>;
}

/**
 * Resolves as `handshake` does, unless it times out or the signal fires first: then it rejects at once. After every
 * failure `giveUp` runs before the rejection is seen; what `handshake` does after that is ignored.
 */
export async function withinLimits<T>(
  handshake: Promise<T>,
  { signal, handshakeTimeout = 0 }: SecureOptions,
  giveUp: () => void,
): Promise<T> {
  const limit = Promise.withResolvers<never>();
  using _deadline = startDeadline({ timeout: handshakeTimeout, signal }, (cause) => {
    const what = cause === "aborted" ? "was aborted" : `took longer than ${handshakeTimeout} ms`;
    limit.reject(new TlsError(cause, `TLS handshake ${what}`));
  });
  try {
    return await Promise.race([handshake, limit.promise]);
  } catch (error) {
    giveUp();
    throw error instanceof TlsError
      ? error
      : new TlsError("unavailable", `TLS handshake failed: ${messageOf(error)}`, { cause: error });
  }
}
