/**
 * The address in 227 replies. With NAT it differs from the one that the server sees, and a wrong one is the most common
 * problem of users of FTP servers: the listing hangs after a successful login.
 *
 * @module
 */

import { unmapped } from "../net/address_key.ts";
import { familyOf, isPrivate, isUnspecified, type Network } from "../net/ip.ts";
import type { SocketAddress } from "../net/connection.ts";

/** How long a resolved name is valid, in milliseconds. */
const FRESH = 60_000;
/** How long PASV waits for an answer, in milliseconds: resolvers themselves try for up to half a minute. */
const PATIENCE = 5_000;

/** The options of a {@link PublicAddress}. */
export interface PublicAddressOptions {
  /** IPv4 address or DNS name; absent: the address that the client connected to. */
  readonly address?: string;
  /** Clients from these networks always get the address they connected to. */
  readonly localNetworks: readonly Network[];
  /**
   * Called with what an administrator should know: once about a private address sent to a public client, and about
   * names that do not resolve.
   */
  readonly onProblem?: (message: string) => void;
  /** Resolves a name to an IPv4 address. Default: the system's resolver. */
  readonly resolve?: (name: string) => Promise<string>;
  /** Milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

/** Chooses the address for each client; resolves a name again every minute and keeps the last valid answer. */
export class PublicAddress {
  readonly #options: PublicAddressOptions;
  #resolved: string | undefined;
  #resolvedAt = -Infinity;
  #resolving: Promise<string | undefined> | undefined;
  #warned = false;

  constructor(options: PublicAddressOptions) {
    this.#options = options;
  }

  /**
   * The IPv4 address for a client whose control connection has these two ends; `undefined` if there is none: never
   * `0.0.0.0`, an IPv6 address or a name.
   */
  forClient(
    ends: { readonly local: SocketAddress; readonly remote: SocketAddress },
  ): string | undefined | Promise<string | undefined> {
    const { address, localNetworks } = this.#options;
    const own = familyOf(ends.local.hostname) === 4 && !isUnspecified(ends.local.hostname)
      ? unmapped(ends.local.hostname)
      : undefined;
    if (localNetworks.some((network) => network.contains(ends.remote.hostname))) return own;
    if (address === undefined) {
      if (own !== undefined && isPrivate(own)) this.#warn(own, ends.remote.hostname);
      return own;
    }
    return familyOf(address) === 4 ? address : this.#resolve(address);
  }

  #warn(own: string, remote: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.#options.onProblem?.(
      `PASV sent the private address ${own} to ${remote}, which cannot reach it: set the public address with --passive-address`,
    );
  }

  #resolve(name: string): string | undefined | Promise<string | undefined> {
    const now = this.#options.now ?? Date.now;
    if (this.#resolved !== undefined && now() - this.#resolvedAt < FRESH) return this.#resolved;
    this.#resolving ??= this.#ask(name).finally(() => this.#resolving = undefined);
    return this.#resolving;
  }

  async #ask(name: string): Promise<string | undefined> {
    const { resolve = systemLookup, now = Date.now, onProblem } = this.#options;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error("no answer in time")), PATIENCE);
    try {
      this.#resolved = await Promise.race([resolve(name), late.promise]);
    } catch {
      const instead = this.#resolved === undefined ? "PASV is refused" : `PASV still sends ${this.#resolved}`;
      onProblem?.(`Cannot resolve the passive address "${name}": ${instead}`);
    } finally {
      clearTimeout(timer);
    }
    this.#resolvedAt = now();
    return this.#resolved;
  }
}

async function systemLookup(name: string): Promise<string> {
  const { lookup } = await import("node:dns/promises");
  return (await lookup(name, { family: 4 })).address;
}
