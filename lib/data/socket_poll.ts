/**
 * Makes the event loop poll its sockets.
 *
 * By itself the runtime does so only when nothing else is ready, or after some sixty turns; with several fast transfers
 * that is once in tens of milliseconds. A timer causes a poll as well, but none is shorter than a millisecond or two,
 * during which everything stands still. A byte that the process sends to itself is only noticed by such a poll, and
 * takes about fifty microseconds.
 *
 * @module
 */

import { closeQuietly, isSameEnd } from "../net/connection.ts";

const HOSTNAME = "127.0.0.1";

/** Makes the event loop poll its sockets on request. Keeps the resources for this until {@link close}. */
export class SocketPoll {
  #loop: Promise<Loop | undefined> | undefined;
  #endPause: (() => void) | undefined;

  /** Resolves once all sockets have been polled. Never rejects. */
  async wait(): Promise<void> {
    const loop = await (this.#loop ??= openLoop());
    if (loop) await loop.pass();
    else await this.#pause();
  }

  /** Releases its resources. A running wait ends; another may begin. */
  close(): void {
    this.#endPause?.();
    void this.#loop?.then((loop) => loop?.close());
    this.#loop = undefined;
  }

  /** If we may not connect to ourselves. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 0);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** A connection of which we hold both ends. */
class Loop {
  readonly #near: Deno.Conn;
  readonly #far: Deno.Conn;
  readonly #byte = new Uint8Array(1);

  constructor(near: Deno.Conn, far: Deno.Conn) {
    this.#near = near;
    this.#far = far;
  }

  async pass(): Promise<void> {
    try {
      // Read before it is sent: what had already arrived would be read without a poll.
      const arrived = this.#far.read(this.#byte);
      await this.#near.write(this.#byte);
      await arrived;
    } catch {
      // Closed in the meantime: the poll is no longer needed.
    }
  }

  close(): void {
    closeQuietly(this.#near);
    closeQuietly(this.#far);
  }
}

/** `undefined` if it is not permitted, or fails. */
async function openLoop(): Promise<Loop | undefined> {
  // Checked first, as trying would make the runtime prompt the user.
  if (Deno.permissions.querySync({ name: "net", host: HOSTNAME }).state !== "granted") return undefined;
  const ends: Deno.TcpConn[] = [];
  try {
    using listener = Deno.listen({ hostname: HOSTNAME, port: 0 });
    const accepted = listener.accept();
    // Awaited below, unless connecting fails first.
    accepted.catch(() => {});
    const near = await Deno.connect({ hostname: HOSTNAME, port: listener.addr.port });
    ends.push(near);
    const far = await accepted;
    ends.push(far);
    near.setNoDelay(true);
    // Another program may have connected first.
    if (isSameEnd(far.remoteAddr, near.localAddr)) return new Loop(near, far);
  } catch {
    // No socket is available: use the timer.
  }
  ends.forEach(closeQuietly);
  return undefined;
}
