/**
 * The passive ports that no client has connected to: if a range has no other left, one of these can be taken back.
 *
 * @module
 */

import { addressKey } from "../net/address_key.ts";
import type { Asker, PassiveConnector } from "./connector.ts";

/**
 * Milliseconds that a port is left to its client if the next one to get it could take that client for its own: both
 * have one address. A client connects as soon as it has read the reply.
 */
const RESPITE = 5_000;

interface Holding {
  readonly client: string;
  readonly since: number;
}

/** Unused ports by age. */
export class UnusedPorts {
  readonly #clock: () => number;
  readonly #holdings = new Map<PassiveConnector, Holding>();

  /** @param clock milliseconds of a monotonic clock. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** The number of unused ports. */
  get size(): number {
    return this.#holdings.size;
  }

  /** `connector` waits for a client at `address`. */
  add(connector: PassiveConnector, address: string): void {
    this.#holdings.set(connector, { client: addressKey(address), since: this.#clock() });
  }

  /** `connector` is connected, or was given back. */
  delete(connector: PassiveConnector): void {
    this.#holdings.delete(connector);
  }

  /**
   * The port to take back: the oldest one of the client that has most, preferring the asker among those with equally
   * many. `undefined` if there is none, or it is too recent.
   */
  dispensableFor({ address, trustsAll }: Asker): PassiveConnector | undefined {
    // A client may have connected without being taken yet: its connector leaves when it is looked at.
    for (const connector of this.#holdings.keys()) if (connector.hasClient?.()) this.#holdings.delete(connector);
    const own = addressKey(address);
    const counts = new Map<string, number>([[own, 0]]);
    for (const { client } of this.#holdings.values()) counts.set(client, (counts.get(client) ?? 0) + 1);
    let most = own;
    for (const [client, count] of counts) if (count > (counts.get(most) ?? 0)) most = client;
    for (const [connector, { client, since }] of this.#holdings) {
      if (client !== most) continue;
      const isMistakable = trustsAll || client === own;
      return isMistakable && this.#clock() - since < RESPITE ? undefined : connector;
    }
    return undefined;
  }
}
