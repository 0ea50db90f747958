/**
 * The address that 227 replies name. Behind address translation it is not the one that the server sees, and a wrong one is what users of
 * FTP servers report most: the listing hangs after a good login.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { unmapped } from "../net/address_key.ts";
import { familyOf, isPrivate, isUnspecified, type Network } from "../net/ip.ts";
import type { SocketAddress } from "../net/connection.ts";

/** How long a resolved name is good for, in milliseconds. */
const FRESH = 60_000;

/** What to name, and to whom. */
export interface PublicAddressOptions {
  /** IPv4 address or DNS name; without it the address that the client came in on. */
  readonly address?: string;
  /** Clients from here get the address they came in on in any case. */
  readonly localNetworks: readonly Network[];
  /** Told what an administrator should know: once about a private address given to a stranger, and about names that do not resolve. */
  readonly onProblem?: (message: string) => void;
  /** Resolves a name to an IPv4 address. Default: the system's resolver. */
  readonly resolve?: (name: string) => Promise<string>;
  /** Milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

/** Chooses the address for each client; resolves a name anew every minute and keeps the last good answer. */
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
   * The IPv4 address for a client whose control connection has these two ends; `undefined` when there is none to give: never `0.0.0.0`, an
   * IPv6 address or a name.
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
      `PASV named the private address ${own} to ${remote}, who cannot reach it: set the public one with --passive-address`,
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
    try {
      this.#resolved = await resolve(name);
    } catch {
      onProblem?.(`Cannot resolve the passive address "${name}"`);
    }
    this.#resolvedAt = now();
    return this.#resolved;
  }
}

async function systemLookup(name: string): Promise<string> {
  return (await lookup(name, { family: 4 })).address;
}
