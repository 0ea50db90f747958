/**
 * Makes the event loop look at its sockets.
 *
 * By itself the runtime does so only when nothing else is ready, or after some sixty turns; with several fast transfers that is once in
 * tens of milliseconds. A timer brings the look about as well, but none is shorter than a millisecond or two, in which everything stands
 * still. A byte that is sent to ourselves is noticed by such a look and by nothing else, and takes some fifty microseconds.
 *
 * @module
 */

import { closeQuietly, isSameEnd } from "../net/connection.ts";

const HOSTNAME = "127.0.0.1";

/** Passes of the event loop over its sockets, on request. What it needs for them it keeps until {@link close}. */
export class SocketPoll {
  #loop: Promise<Loop | undefined> | undefined;
  #endPause: (() => void) | undefined;

  /** Resolves once all sockets have been looked at. Never rejects. */
  async wait(): Promise<void> {
    const loop = await (this.#loop ??= openLoop());
    if (loop) await loop.pass();
    else await this.#pause();
  }

  /** Gives back what it holds. A wait that is under way ends; another may begin. */
  close(): void {
    this.#endPause?.();
    void this.#loop?.then((loop) => loop?.close());
    this.#loop = undefined;
  }

  /** Where we may not connect to ourselves. */
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
      // Asked for before it is sent: what had arrived already would be read without a look.
      const arrived = this.#far.read(this.#byte);
      await this.#near.write(this.#byte);
      await arrived;
    } catch {
      // Closed meanwhile: nobody needs the look any more.
    }
  }

  close(): void {
    closeQuietly(this.#near);
    closeQuietly(this.#far);
  }
}

/** `undefined` where it is not permitted, or does not come about. */
async function openLoop(): Promise<Loop | undefined> {
  // Asked first, as trying would make the runtime ask the user.
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
    // Somebody else may have been quicker to connect.
    if (isSameEnd(far.remoteAddr, near.localAddr)) return new Loop(near, far);
  } catch {
    // No socket to be had: the timer does.
  }
  ends.forEach(closeQuietly);
  return undefined;
}
