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
import type { MaybeLater, SharedState } from "../options/shared_state.ts";
import { formatReply, shutOut, tooManySessions } from "../protocol/reply.ts";

/** The places of a connection under the limits of its address. */
export interface Places {
  readonly slot: Disposable;
  /** Its place among those that have not logged in. */
  readonly stranger: Disposable;
}

/** The options of a {@link ConnectionAdmission}. */
export interface AdmissionOptions {
  readonly options: Options;
  readonly sharedState: SharedState;
  readonly events: EventStream;
}

/** What the shared state says about a connection. */
interface Answers {
  /** Connections that were there before. */
  readonly others: number;
  readonly isBanned: boolean;
  readonly slot: Disposable | undefined;
  readonly stranger: Disposable | undefined;
}

/** {@link Answers} that are not all there yet. */
type Questions = readonly [
  MaybeLater<number>,
  MaybeLater<boolean>,
  MaybeLater<Disposable | undefined>,
  MaybeLater<Disposable | undefined>,
];

/** Why a connection is refused. */
interface Refusal {
  readonly text: string;
  /** Whether the shared state counts the connection: it does not where it failed. */
  readonly counted: boolean;
}

/** Counts the accepted connections of a server, and refuses those beyond a limit or from a banned address. */
export class ConnectionAdmission {
  readonly #options: Options;
  readonly #sharedState: SharedState;
  readonly #events: EventStream;
  /**
   * Accepted connections that are not over: sessions, handshakes, connections that are being refused. A number, as a
   * promise for each would take a tenth of the memory of an idle session.
   */
  #open = 0;
  #over: PromiseWithResolvers<void> | undefined;

  constructor({ options, sharedState, events }: AdmissionOptions) {
    this.#options = options;
    this.#sharedState = sharedState;
    this.#events = events;
  }

  /**
   * Counts a connection. Without a place for it the result is `undefined`, and it gets a 421 and is closed. A promise
   * only where the shared state answers with one; it never rejects.
   *
   * @param signal refuses a connection that waits for such an answer.
   */
  admit(connection: Connection, signal: AbortSignal): MaybeLater<Places | undefined> {
    const address = unmapped(connection.remoteAddr.hostname);
    const { maxSessionsPerIp, maxStrangersPerIp } = this.#options;
    const { connections, gate, perAddress, strangers } = this.#sharedState;
    const key = addressKey(address);
    this.#open++;
    // All at once: far away they take one round trip together.
    const others = connections.add(1);
    const isBanned = gate.isBanned(address);
    const slot = perAddress.add(key, limitFor(maxSessionsPerIp, address));
    const stranger = strangers.add(key, limitFor(maxStrangersPerIp, address));
    if (
      others instanceof Promise || isBanned instanceof Promise || slot instanceof Promise || stranger instanceof Promise
    ) {
      return this.#admitLater(connection, [others, isBanned, slot, stranger], signal);
    }
    return this.#placesOrRefuse(connection, this.#judge({ others, isBanned, slot, stranger }));
  }

  /** Uncounts an admitted connection that never became a session. */
  giveBack({ slot, stranger }: Places): void {
    slot[Symbol.dispose]();
    stranger[Symbol.dispose]();
    this.close();
  }

  /** Uncounts a connection whose places have been given back. */
  close(): void {
    unawaited(this.#sharedState.connections.add(-1));
    this.#closeHere();
  }

  /** Resolves when no connection is left. */
  async over(): Promise<void> {
    if (this.#open > 0) await (this.#over ??= Promise.withResolvers()).promise;
  }

  #closeHere(): void {
    if (--this.#open > 0) return;
    this.#over?.resolve();
    this.#over = undefined;
  }

  async #admitLater(
    connection: Connection,
    questions: Questions,
    signal: AbortSignal,
  ): Promise<Places | undefined> {
    const stopped = Promise.withResolvers<undefined>();
    const stop = () => stopped.resolve(undefined);
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    const decision = this.#judgeLater(questions);
    const decided = await Promise.race([decision, stopped.promise]);
    signal.removeEventListener("abort", stop);
    if (decided) return this.#placesOrRefuse(connection, decided);
    void decision.then((late) => this.#undo(late));
    return this.#placesOrRefuse(connection, { text: "Server is shutting down", counted: false });
  }

  /** Never rejects. */
  async #judgeLater(questions: Questions): Promise<Places | Refusal> {
    const [others, isBanned, slot, stranger] = await Promise.allSettled(questions);
    if (hasAnswered(others) && hasAnswered(isBanned) && hasAnswered(slot) && hasAnswered(stranger)) {
      return this.#judge({
        others: others.value,
        isBanned: isBanned.value,
        slot: slot.value,
        stranger: stranger.value,
      });
    }
    if (hasAnswered(slot)) slot.value?.[Symbol.dispose]();
    if (hasAnswered(stranger)) stranger.value?.[Symbol.dispose]();
    return { text: "Service is not available now, try again later", counted: hasAnswered(others) };
  }

  /** A connection has both places, or none. */
  #judge({ others, isBanned, slot, stranger }: Answers): Places | Refusal {
    const { maxSessions } = this.#options;
    const isFull = maxSessions > 0 && others >= maxSessions;
    if (slot && stranger && !isFull && !isBanned) return { slot, stranger };
    slot?.[Symbol.dispose]();
    stranger?.[Symbol.dispose]();
    const text = isFull
      ? "Too many sessions, try again later"
      : isBanned
      ? shutOut
      : slot
      ? "Too many connections from your address that have not logged in"
      : "Too many sessions from your address";
    return { text, counted: true };
  }

  /** Gives back what was granted too late to a connection that has been refused. */
  #undo(decided: Places | Refusal): void {
    if (!("text" in decided)) {
      decided.slot[Symbol.dispose]();
      decided.stranger[Symbol.dispose]();
    } else if (!decided.counted) return;
    unawaited(this.#sharedState.connections.add(-1));
  }

  #placesOrRefuse(connection: Connection, decided: Places | Refusal): Places | undefined {
    if (!("text" in decided)) return decided;
    void this.#refuse(connection, decided);
    return undefined;
  }

  /** Always a 421, never a silent close. One short line fits into the socket whether the peer reads or not. */
  async #refuse(connection: Connection, { text, counted }: Refusal): Promise<void> {
    const address = unmapped(connection.remoteAddr.hostname);
    this.#events.emit({ type: "connectionRefused", address, reason: text });
    try {
      await writeAll(connection, new TextEncoder().encode(formatReply(tooManySessions(text))));
    } catch {
      // The peer closed the connection before it was answered.
    }
    closeQuietly(connection);
    if (counted) this.close();
    else this.#closeHere();
  }
}

function hasAnswered<T>(answer: PromiseSettledResult<T>): answer is PromiseFulfilledResult<T> {
  return answer.status === "fulfilled";
}

/** For an answer that makes no difference; a failure has been reported. */
export function unawaited(answer: unknown): void {
  if (answer instanceof Promise) answer.catch(() => {});
}

function limitFor({ limit, loopback }: AddressCap, address: string): number {
  return loopback || !isLoopback(address) ? limit : 0;
}
