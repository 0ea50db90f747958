/**
 * Data connections by the C library, where a small file or a listing is expected: a listener, its one connection and
 * what moves on it are a dozen calls of a microsecond, and none of them needs a look at the event loop's sockets.
 * Everything else goes through sockets of the runtime, which waits for many at once with less effort.
 *
 * @module
 */

import type { DataConnector, ListenRequest, TransferEnd, TransferTraits } from "../data/engine.ts";
import { LocalEngine } from "../data/local_engine.ts";
import type { PortPool } from "../data/connector.ts";
import { PortsExhausted, unguessablePort } from "../data/port_range.ts";
import { bracketed, parseIp } from "../net/ip.ts";
import { type Libc, SOCK_CLOEXEC, SOCK_NONBLOCK, SOL_SOCKET } from "./libc.ts";
import { type NativeSockets, Patience } from "./native_connection.ts";
import { NativeListener, type NativeListening } from "./native_listener.ts";
import { sendingSockets } from "./send_file.ts";
import { SocketWaits } from "./socket_waits.ts";

/** Most bytes of a file after which another small one is expected. */
const SMALL = 64 * 1024;
/** Most milliseconds of a small upload after which the client of the next one is waited for: it is near by. */
const QUICK = 5;
/** Ports tried before the runtime is asked for one. */
const MOST_TRIES = 8;
/** Connections that wait: one is expected. */
const BACKLOG = 8;

const AF_INET = 2;
const SOCK_STREAM = 1;
const SO_REUSEADDR = 2;
/** The value of an option that is on. */
const ON = new Uint32Array([1]);

/** Makes data connections with the functions of `libc`. */
export class NativeEngine extends LocalEngine {
  readonly #sockets: NativeSockets;
  /** The sessions whose last transfer was a small one: to the client, or from one near by without any company. */
  readonly #small = new WeakSet<object>();
  /**
   * The IPv4 addresses of this host by their text; `undefined` for others, and where the runtime's permission does not
   * cover all ports, as the library does not ask it.
   */
  readonly #addresses = new Map<string, Uint8Array | undefined>();

  constructor(libc: Libc) {
    super({ connect: sendingSockets(libc) });
    this.#sockets = { libc, waits: new SocketWaits(libc), patience: new Patience() };
  }

  override listen(request: ListenRequest): DataConnector | Promise<DataConnector> {
    const { session, secure, proxy } = request;
    // A PROXY header is waited for, which the runtime does with less effort.
    const isSmall = session && !secure && !proxy && this.#small.has(session);
    const listening = isSmall && this.#listen(request);
    if (!listening) return super.listen(request);
    return new NativeListener(request, { sockets: this.#sockets, listen: (next) => this.listen(next) }, listening);
  }

  began(session: object, { direction, bytes = 0, inCompany }: TransferTraits): void {
    this.#sockets.patience.alone = !inCompany;
    if (direction === "listing" || (direction === "download" && bytes > 0 && bytes <= SMALL)) this.#small.add(session);
    else this.#small.delete(session);
  }

  ended(session: object, { direction, bytes, milliseconds }: TransferEnd): void {
    if (direction !== "upload" || bytes === 0 || bytes > SMALL) return;
    const { patience } = this.#sockets;
    if (!patience.allows(session)) patience.passed(session);
    else if (milliseconds < QUICK) this.#small.add(session);
  }

  /**
   * Resolves when no thread waits for a socket that has been closed.
   *
   * @internal
   */
  settled(): Promise<void> {
    return this.#sockets.waits.settled();
  }

  #addressOf(hostname: string): Uint8Array | undefined {
    if (!this.#addresses.has(hostname)) {
      const isPermitted = Deno.permissions.querySync({ name: "net", host: bracketed(hostname) }).state === "granted";
      const ip = parseIp(hostname);
      this.#addresses.set(hostname, isPermitted && ip?.length === 4 ? ip : undefined);
    }
    return this.#addresses.get(hostname);
  }

  /** `undefined` where it is left to the runtime: for IPv6, and where no port is free at once. */
  #listen({ hostname, range }: ListenRequest): NativeListening | undefined {
    const { libc } = this.#sockets;
    const ip = this.#addressOf(hostname);
    if (!ip) return undefined;
    const socket = libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket < 0) return undefined;
    libc.setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, ON, ON.byteLength);
    const tryPort = (port: number): NativeListening | undefined => {
      const address = Uint8Array.of(AF_INET, 0, port >> 8, port & 0xff, ...ip, 0, 0, 0, 0, 0, 0, 0, 0);
      const listens = libc.bind(socket, address, address.length) === 0 && libc.listen(socket, BACKLOG) === 0;
      return listens ? { socket, port } : undefined;
    };
    const listening = range ? takeFrom(range, tryPort) : takeAny(tryPort);
    if (!listening) libc.close(socket);
    return listening;
  }
}

type TryPort = (port: number) => NativeListening | undefined;

function takeAny(tryPort: TryPort): NativeListening | undefined {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const listening = tryPort(unguessablePort());
    if (listening) return listening;
  }
  return undefined;
}

/** Where all ports are in use, it is for the runtime to wait for those that are being closed. */
function takeFrom(range: PortPool, tryPort: TryPort): NativeListening | undefined {
  try {
    return range.take?.(tryPort);
  } catch (error) {
    if (error instanceof PortsExhausted) return undefined;
    throw error;
  }
}
