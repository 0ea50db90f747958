/**
 * Which connections are admitted: limits of the server and of an address, bans, and the 421 for all others.
 *
 * @module
 */

import type { EventStream } from "../events.ts";
import { addressKey, unmapped } from "../net/address_key.ts";
import { closeQuietly, type Connection, writeAll } from "../net/connection.ts";
import { isLoopback } from "../net/ip.ts";
import type { AddressCap, Options } from "../options.ts";
import { formatReply, shutOut, tooManySessions } from "../protocol/reply.ts";
import type { SharedState } from "../session/shared_state.ts";

/** The places of a connection under the limits of its address. */
export interface Places {
  readonly slot: Disposable;
  /** Among those that have not logged in. */
  readonly stranger: Disposable;
}

/** Where limits, bans and reports of connections belong to. */
export interface AdmissionOptions {
  readonly options: Options;
  readonly sharedState: SharedState;
  readonly events: EventStream;
}

/** Counts the accepted connections of a server, and refuses those that are too many or banned. */
export class ConnectionAdmission {
  readonly #options: Options;
  readonly #sharedState: SharedState;
  readonly #events: EventStream;
  /**
   * Accepted connections that are not over: sessions, handshakes, refusals on their way. A number, as a promise for each would take a
   * tenth of what an idle session takes in all.
   */
  #open = 0;
  #over: PromiseWithResolvers<void> | undefined;

  constructor({ options, sharedState, events }: AdmissionOptions) {
    this.#options = options;
    this.#sharedState = sharedState;
    this.#events = events;
  }

  /** Counts a connection. Without a place for it the answer is `undefined`, and it gets a 421 and is closed. */
  admit(connection: Connection): Places | undefined {
    const address = unmapped(connection.remoteAddr.hostname);
    this.#open++;
    const others = this.#sharedState.connections.add(1);
    const places = this.#refusal(address, others) ?? this.#placesFor(address);
    if (typeof places !== "string") return places;
    void this.#turnAway(connection, places);
    return undefined;
  }

  /** Counts an admitted connection off that never became a session. */
  giveBack({ slot, stranger }: Places): void {
    slot[Symbol.dispose]();
    stranger[Symbol.dispose]();
    this.close();
  }

  /** Counts a connection off whose places are given back already. */
  close(): void {
    this.#sharedState.connections.add(-1);
    if (--this.#open > 0) return;
    this.#over?.resolve();
    this.#over = undefined;
  }

  /** Resolves when no connection is open any more. */
  async over(): Promise<void> {
    if (this.#open > 0) await (this.#over ??= Promise.withResolvers()).promise;
  }

  /** @param others connections that were there before. */
  #refusal(address: string, others: number): string | undefined {
    const { maxSessions } = this.#options;
    if (maxSessions > 0 && others >= maxSessions) return "Too many sessions, try again later";
    return this.#sharedState.gate.isBanned(address) ? shutOut : undefined;
  }

  /** A connection is counted as both, or as none. */
  #placesFor(address: string): Places | string {
    const { maxSessionsPerIp, maxStrangersPerIp } = this.#options;
    const key = addressKey(address);
    const slot = this.#sharedState.perAddress.add(key, limitFor(maxSessionsPerIp, address));
    if (!slot) return "Too many sessions from your address";
    const stranger = this.#sharedState.strangers.add(key, limitFor(maxStrangersPerIp, address));
    if (stranger) return { slot, stranger };
    slot[Symbol.dispose]();
    return "Too many connections from your address that have not logged in";
  }

  /** Always a 421, never a silent close. One short line fits into the socket whether the peer reads or not. */
  async #turnAway(connection: Connection, text: string): Promise<void> {
    const address = unmapped(connection.remoteAddr.hostname);
    this.#events.emit({ type: "connectionRefused", address, reason: text });
    try {
      await writeAll(connection, new TextEncoder().encode(formatReply(tooManySessions(text))));
    } catch {
      // The peer has gone before it could be told.
    }
    closeQuietly(connection);
    this.close();
  }
}

function limitFor({ limit, loopback }: AddressCap, address: string): number {
  return loopback || !isLoopback(address) ? limit : 0;
}
