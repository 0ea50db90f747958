/**
 * The ports of passive data connections. A server in a firewalled network has a few open ones and must never use
 * another.
 *
 * @module
 */

import { unguessable } from "../net/unguessable.ts";
import type { PortPool } from "./connector.ts";
import { UnusedPorts } from "./unused_ports.ts";

/** Every port of the range is in use; it is answered with 425. */
export class PortsExhausted extends Error {
  /** Always `PortsExhausted`. */
  override readonly name = "PortsExhausted";
}

/** Ports from `first` to `last`, inclusive, and those held by sessions. */
export class PortRange {
  /** The lowest port, 1 to 65535. */
  readonly first: number;
  /** The highest port, {@link first} to 65535. */
  readonly last: number;
  /**
   * Those that no client has connected to.
   *
   * @internal
   */
  readonly unused: UnusedPorts = new UnusedPorts();
  readonly #taken = new Set<number>();
  readonly #random: () => number;

  /**
   * All of its ports are free.
   *
   * @param first 1 to 65535.
   * @param last `first` to 65535.
   * @param options `random`: a number from 0 (inclusive) to 1 (exclusive), for reproducible ports. Default: an
   * unpredictable one.
   * @throws {RangeError} quoting the ports.
   */
  constructor(first: number, last: number, options: { readonly random?: () => number } = {}) {
    if (!isPort(first) || !isPort(last) || first > last) {
      throw new RangeError(`Port range must be ascending and within 1 to 65535, not "${first}-${last}"`);
    }
    this.first = first;
    this.last = last;
    this.#random = options.random ?? unguessable;
  }

  /** The number of ports. */
  get size(): number {
    return this.last - this.first + 1;
  }

  /** The number of ports held by listeners made here and not yet released. */
  get taken(): number {
    return this.#taken.size;
  }

  /**
   * Listens on a free port. The start is random, as a client that can guess the next port can steal another session's
   * data connection (RFC 2577 section 8). The port is held until {@link release}.
   *
   * @throws {PortsExhausted} if all are in use.
   */
  listen(hostname: string): Deno.TcpListener {
    return this.take((port) => tryListen(hostname, port));
  }

  /**
   * As {@link listen}, by `tryPort`, which returns `undefined` for a port that is in use.
   *
   * @throws {PortsExhausted} if all are in use.
   */
  take<T>(tryPort: (port: number) => T | undefined): T {
    const start = Math.floor(this.#random() * this.size);
    for (let step = 0; step < this.size && this.#taken.size < this.size; step++) {
      const port = this.first + (start + step) % this.size;
      if (this.#taken.has(port)) continue;
      const taken = tryPort(port);
      if (taken === undefined) continue;
      this.#taken.add(port);
      return taken;
    }
    throw new PortsExhausted(`No free port from ${this.first} to ${this.last}`);
  }

  /** The listener on `port` is closed; the port may be used again. */
  release(port: number): void {
    this.#taken.delete(port);
  }

  /** For example `30000-30100`. */
  toString(): string {
    return `${this.first}-${this.last}`;
  }
}

/**
 * Parses `30000-30100`, or a single port.
 *
 * @throws {RangeError} quoting the text.
 */
export function parsePortRange(text: string): PortRange {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!match) throw new RangeError(`Port range must look like "30000-30100", not "${text}"`);
  return new PortRange(Number(match[1]), Number(match[2] ?? match[1]));
}

/**
 * Of the dynamic ports (RFC 6335 section 6), which may be used without registration, those that Linux does not use for
 * outgoing connections (ip(7), `ip_local_port_range`): clients on the same host, as in CI, leave theirs in TIME_WAIT,
 * and one attempt in ten hit one.
 */
const FIRST_FREE_PORT = 61000;
const LAST_PORT = 65535;
/** Ports tried before the system is asked for one. */
const MOST_TRIES = 8;

/**
 * Listens on a port of `range`, or on any free one without a range.
 *
 * Any free one is a random one that we choose. A system that is asked for port 0 skips every port that a finished
 * transfer left in TIME_WAIT, one by one: with ten thousand of those it takes 2 ms. A given port can be used at once
 * (`SO_REUSEADDR`).
 *
 * @throws {PortsExhausted} when all ports of the range are in use.
 */
export function listenIn(range: PortPool | undefined, hostname: string): Deno.TcpListener {
  if (range) return range.listen(hostname);
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    try {
      return Deno.listen({ hostname, port: unguessablePort() });
    } catch {
      // In use, or not permitted if only port 0 is: let the system choose.
    }
  }
  return Deno.listen({ hostname, port: 0 });
}

/** A port that is likely to be free, and that nobody can guess. */
export function unguessablePort(): number {
  return FIRST_FREE_PORT + Math.floor(unguessable() * (LAST_PORT - FIRST_FREE_PORT + 1));
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65535;
}

function tryListen(hostname: string, port: number): Deno.TcpListener | undefined {
  try {
    return Deno.listen({ hostname, port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return undefined;
    throw error;
  }
}
