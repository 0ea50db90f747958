/**
 * What the two ways to do TLS have in common: the contract they fulfil, the error they reject with, and the guard that ends
 * a handshake nobody finishes.
 *
 * @module
 */

import type { Connection, TlsFacts } from "../net/connection.ts";

/** The protocol versions spoken. */
export type TlsVersion = "TLSv1.2" | "TLSv1.3";

/** A connection after its handshake. `closeWrite` sends close_notify, then FIN; `close` alone sends neither. */
export interface SecureConnection extends Connection {
  readonly protocol: TlsVersion;
  /** The cipher suite by its IANA name, such as `TLS_AES_256_GCM_SHA384`. */
  readonly cipher: string;
  readonly tls: TlsFacts;
  /** The name the peer asked for (SNI), in lower case. */
  readonly serverName: string | undefined;
}

/** Settings of one handshake. */
export interface SecureOptions {
  /** Gives the handshake up. It has no effect on the connection afterwards. */
  readonly signal?: AbortSignal;
  /** Milliseconds the peer has for the whole handshake; 0 for as long as it likes. 10,000 unless told otherwise. */
  readonly handshakeTimeout?: number;
}

/** Why a handshake failed: `protocol` is the peer's bytes, `closed` its leaving, `unavailable` our own side. */
export type TlsErrorReason = "timeout" | "aborted" | "closed" | "protocol" | "unavailable";

/** A handshake that came to nothing. */
export class TlsError extends Error {
  override readonly name = "TlsError";
  readonly reason: TlsErrorReason;

  constructor(reason: TlsErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** One way to do the server's side of TLS. */
export interface TlsRoute extends Disposable {
  secure(connection: Connection, options: SecureOptions): Promise<SecureConnection>;
}

const DEFAULT_HANDSHAKE_TIMEOUT = 10_000;

/**
 * Resolves as `handshake` does, unless the time is up or the signal fires first: then it rejects at once. In every failure
 * `giveUp` runs before the rejection is seen; what `handshake` does after that is ignored.
 */
export async function withinLimits<T>(
  handshake: Promise<T>,
  { signal, handshakeTimeout = DEFAULT_HANDSHAKE_TIMEOUT }: SecureOptions,
  giveUp: () => void,
): Promise<T> {
  const limit = Promise.withResolvers<never>();
  const onAbort = (): void => limit.reject(new TlsError("aborted", "TLS handshake was given up"));
  const onTimeout = (): void =>
    limit.reject(new TlsError("timeout", `TLS handshake took longer than ${handshakeTimeout} ms`));
  const timer = handshakeTimeout > 0 ? setTimeout(onTimeout, handshakeTimeout) : undefined;
  signal?.addEventListener("abort", onAbort, { once: true });
  if (signal?.aborted) onAbort();
  try {
    return await Promise.race([handshake, limit.promise]);
  } catch (error) {
    giveUp();
    throw error instanceof TlsError
      ? error
      : new TlsError("unavailable", `TLS handshake failed: ${messageOf(error)}`, { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}

/** The text of anything thrown, without a final full stop. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
}
