/**
 * TCP connections whose making can be given up.
 *
 * @module
 */

import { startDeadline } from "./deadline.ts";

/** Where to, and how: what `Deno.connect` takes, and what its types do not tell. */
export interface ConnectTcpOptions extends Deno.ConnectOptions {
  /**
   * Whether other addresses of the name are tried meanwhile.
   *
   * @default true
   */
  readonly autoSelectFamily?: boolean;
}

/**
 * Connects; an abort of `signal` rejects with its reason. With a signal of its own `Deno.connect` looks at that once
 * more when the connection is there, and throws: an abort in just this moment would leave a connection that nobody can
 * close.
 */
export async function connectTcp(options: ConnectTcpOptions, signal: AbortSignal): Promise<Deno.TcpConn> {
  signal.throwIfAborted();
  const giveUp = new AbortController();
  giveUp.signal.throwIfAborted = () => {};
  using _limit = startDeadline({ signal }, () => giveUp.abort());
  try {
    const connection = await Deno.connect({ ...options, signal: giveUp.signal });
    if (!signal.aborted) return connection;
    connection.close();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  throw signal.reason;
}
