/**
 * The descriptor of a socket, which the runtime does not reveal.
 *
 * @module
 */

import type { Connection, SocketAddress } from "../net/connection.ts";
import { parseIp, withoutMapping } from "../net/ip.ts";
import type { Libc } from "./libc.ts";

/**
 * How many descriptors are checked. The system assigns the lowest free one, so a recent socket is found at once: right
 * below the one that would be assigned now. After many were opened and closed it may be further away. 0.3 µs each.
 */
const MOST_LOOKS = 4096;

const AF_INET = 2;
const AF_INET6 = 10;
/** Bytes of the largest address (`struct sockaddr_in6`). */
const ADDRESS_SIZE = 28;

/**
 * Another descriptor for the socket between `ends`, to be closed by the caller: whatever happens to the runtime's own,
 * this one keeps referring to the same socket. `undefined` if it is not found.
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

/**
 * The sockets of this process that listen at `address`, of which there may be several (`SO_REUSEPORT`). The descriptors
 * are the runtime's own: only for what does no harm to another socket, should one have been closed in the meantime.
 */
export function listeningSockets(libc: Libc, address: SocketAddress): readonly number[] {
  const wanted = comparable(address);
  const name = new SocketName(libc);
  const found: number[] = [];
  // The system assigns the lowest free number, so that every one of them is below the next.
  for (let descriptor = lowestFree(libc) - 1; descriptor >= 0; descriptor--) {
    if (name.own(descriptor) === wanted && name.peer(descriptor) === undefined) found.push(descriptor);
  }
  return found;
}

/** Searches downwards from `middle`, then upwards. */
function search(middle: number, isIt: (descriptor: number) => boolean): number | undefined {
  const last = Math.max(0, middle - MOST_LOOKS);
  for (let descriptor = middle - 1; descriptor >= last; descriptor--) if (isIt(descriptor)) return descriptor;
  for (let descriptor = middle; descriptor < middle + MOST_LOOKS; descriptor++) if (isIt(descriptor)) return descriptor;
  return undefined;
}

/** The descriptor that a file opened now would get. */
function lowestFree(libc: Libc): number {
  const STDERR = 2;
  const free = libc.dup(STDERR);
  if (free >= 0) libc.close(free);
  return Math.max(0, free);
}

/** One text per address and port. */
function comparable({ hostname, port }: SocketAddress): string | undefined {
  const bytes = parseIp(hostname);
  return bytes && `${bytes.join(".")} ${port}`;
}

/** Queries the two ends of a socket. */
class SocketName {
  readonly #libc: Libc;
  readonly #bytes = new Uint8Array(ADDRESS_SIZE);
  readonly #length = new Uint32Array(1);

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** The peer as by {@link comparable}; `undefined` for anything but a connected TCP socket. */
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
