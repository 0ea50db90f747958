/**
 * The number that the system knows a socket by, which the runtime keeps to itself.
 *
 * @module
 */

import type { Connection, SocketAddress } from "../net/connection.ts";
import { parseIp, withoutMapping } from "../net/ip.ts";
import type { Libc } from "./libc.ts";

/**
 * Numbers that are looked at. The system gives the lowest that is free, so a socket that is younger than most is found at once: next below the
 * one that would be given now. Where many were opened and closed since, it may be further away. 0.3 µs each.
 */
const MOST_LOOKS = 4096;

const AF_INET = 2;
const AF_INET6 = 10;
/** Bytes of the largest address (`struct sockaddr_in6`). */
const ADDRESS_SIZE = 28;

/**
 * Another number for the socket between `ends`, for the caller to close: whatever becomes of the runtime's own, this one goes on to mean the
 * same socket. `undefined` where it is not found.
 */
export function duplicateSocket(libc: Libc, ends: Pick<Connection, "localAddr" | "remoteAddr">): number | undefined {
  const local = comparable(ends.localAddr);
  const remote = comparable(ends.remoteAddr);
  if (!local || !remote) return undefined;
  const address = new SocketName(libc);
  const isIt = (descriptor: number) => address.peer(descriptor) === remote && address.own(descriptor) === local;
  const found = search(lowestFree(libc), isIt);
  if (found === undefined) return undefined;
  const copy = libc.dup(found);
  // Between the two calls another thread may have closed that one and opened something else.
  if (copy >= 0 && isIt(copy)) return copy;
  if (copy >= 0) libc.close(copy);
  return undefined;
}

/** Looks downwards from `middle`, and then upwards. */
function search(middle: number, isIt: (descriptor: number) => boolean): number | undefined {
  const last = Math.max(0, middle - MOST_LOOKS);
  for (let descriptor = middle - 1; descriptor >= last; descriptor--) if (isIt(descriptor)) return descriptor;
  for (let descriptor = middle; descriptor < middle + MOST_LOOKS; descriptor++) if (isIt(descriptor)) return descriptor;
  return undefined;
}

/** The number that a file opened now would get. */
function lowestFree(libc: Libc): number {
  const STDERR = 2;
  const free = libc.dup(STDERR);
  if (free >= 0) libc.close(free);
  return Math.max(0, free);
}

/** One text for each address and port. */
function comparable({ hostname, port }: SocketAddress): string | undefined {
  const bytes = parseIp(hostname);
  return bytes && `${bytes.join(".")} ${port}`;
}

/** What the system says about the ends of a socket. */
class SocketName {
  readonly #libc: Libc;
  readonly #bytes = new Uint8Array(ADDRESS_SIZE);
  readonly #length = new Uint32Array(1);

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** As {@link comparable}; `undefined` for what is no connected TCP socket. */
  peer(descriptor: number): string | undefined {
    return this.#read(descriptor, this.#libc.getpeername);
  }

  own(descriptor: number): string | undefined {
    return this.#read(descriptor, this.#libc.getsockname);
  }

  #read(descriptor: number, ask: Libc["getpeername"]): string | undefined {
    this.#length[0] = ADDRESS_SIZE;
    const bytes = this.#bytes;
    if (ask(descriptor, bytes, this.#length) !== 0) return undefined;
    const view = new DataView(bytes.buffer);
    const port = view.getUint16(2);
    switch (view.getUint16(0, true)) {
      case AF_INET:
        return `${bytes.subarray(4, 8).join(".")} ${port}`;
      case AF_INET6:
        return `${withoutMapping(bytes.subarray(8, 24)).join(".")} ${port}`;
      default:
        return undefined;
    }
  }
}
