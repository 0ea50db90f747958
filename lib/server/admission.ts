/**
 * Which connections are admitted: limits of the server and of an address, bans, and the 421 for all others.
 *
 * @module
 */

import { addressKey, unmapped } from "../net/address_key.ts";
import { closeQuietly, type Connection, writeAll } from "../net/connection.ts";
import { isLoopback, type Network } from "../net/ip.ts";
import type { AddressCap, Options } from "../options.ts";
import type { ConnectionRefusal } from "../options/meter.ts";
import type { MaybeLater, SharedState } from "../options/shared_state.ts";
import type { RefusalReports } from "./refusal_reports.ts";
import { formatReply, shutOut, tooManySessions } from "../protocol/reply.ts";

const NOT_LET_IN = "Connections from your address are not accepted";

/** The texts for what a limit refuses. */
const TEXTS = {
  sessions: "Too many sessions, try again later",
  banned: shutOut,
  address: "Too many sessions from your address",
  strangers: "Too many connections from your address that have not logged in",
  rate: "Too many connections from your address in a short time, try again later",
  crowd: "Too many connections that have not logged in, try again later",
} as const;

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
  readonly reports: RefusalReports;
}

/** What the shared state says about a connection. */
interface Answers {
  /** Connections that were there before. */
  readonly others: number;
  readonly isBanned: boolean;
  /** Whether the address connects no more often than it may. */
  readonly isInTime: boolean;
  readonly slot: Disposable | undefined;
  readonly stranger: Disposable | undefined;
  /** Its place among the strangers of all addresses. */
  readonly crowd: Disposable | undefined;
}

/** {@link Answers} that are not all there yet. */
type Questions = { readonly [K in keyof Answers]: MaybeLater<Answers[K]> };

/** Why a connection is refused. */
interface Refusal {
  readonly why: ConnectionRefusal;
  readonly text: string;
  /** Whether the shared state counts the connection: it does not where it failed. */
  readonly counted: boolean;
  /** Whether the address may go on and on. @default false */
  readonly isFlood?: boolean;
}

/** Counts the accepted connections of a server, and refuses those beyond a limit or from a banned address. */
export class ConnectionAdmission {
  readonly #options: Options;
  readonly #sharedState: SharedState;
  readonly #reports: RefusalReports;
  /**
   * Accepted connections that are not over: sessions, handshakes, connections that are being refused. A number, as a
   * promise for each would take a tenth of the memory of an idle session.
   */
  #open = 0;
  #over: PromiseWithResolvers<void> | undefined;

  constructor({ options, sharedState, reports }: AdmissionOptions) {
    this.#options = options;
    this.#sharedState = sharedState;
    this.#reports = reports;
  }

  /**
   * Counts a connection. Without a place for it the result is `undefined`, and it gets a 421 and is closed. A promise
   * only where the shared state answers with one; it never rejects.
   *
   * @param signal refuses a connection that waits for such an answer.
   */
  admit(connection: Connection, signal: AbortSignal): MaybeLater<Places | undefined> {
    const address = unmapped(connection.remoteAddr.hostname);
    this.#open++;
    // Not even counted elsewhere: it has no share in any limit.
    if (!this.#isLetIn(address)) {
      return this.#placesOrRefuse(connection, { why: "network", text: NOT_LET_IN, counted: false });
    }
    const questions = this.#ask(address);
    return isAnswered(questions)
      ? this.#placesOrRefuse(connection, this.#judge(questions, address))
      : this.#admitLater(connection, questions, signal);
  }

  /** By the networks of the server alone; what is denied is not let in, whatever else has it. */
  #isLetIn(address: string): boolean {
    const { allowFrom, denyFrom } = this.#options;
    const isIn = (networks: readonly Network[]) => networks.some((network) => network.contains(address));
    return (denyFrom.length === 0 || !isIn(denyFrom)) && (allowFrom.length === 0 || isIn(allowFrom));
  }

  /** All at once: far away they take one round trip together. */
  #ask(address: string): Questions {
    const { maxSessionsPerIp, maxStrangersPerIp, maxStrangers, connectRate } = this.#options;
    const { connections, gate, perAddress, strangers, arrivals } = this.#sharedState;
    const key = addressKey(address);
    const isLocal = isLoopback(address);
    const most = limitFor(maxStrangers, isLocal);
    return {
      others: connections.add(1),
      isBanned: gate.isBanned(address),
      isInTime: limitFor(connectRate, isLocal) === 0 || arrivals.take(key),
      slot: perAddress.add(key, limitFor(maxSessionsPerIp, isLocal)),
      stranger: strangers.add(key, limitFor(maxStrangersPerIp, isLocal)),
      crowd: most === 0 ? NOT_COUNTED : strangers.add("", most),
    };
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
    const decision = this.#judgeLater(questions, unmapped(connection.remoteAddr.hostname));
    const decided = await Promise.race([decision, stopped.promise]);
    signal.removeEventListener("abort", stop);
    if (decided) return this.#placesOrRefuse(connection, decided);
    void decision.then((late) => this.#undo(late));
    return this.#placesOrRefuse(connection, { why: "shutdown", text: "Server is shutting down", counted: false });
  }

  /** Never rejects. */
  async #judgeLater(questions: Questions, address: string): Promise<Places | Refusal> {
    const { others, isBanned, isInTime, slot, stranger, crowd } = questions;
    try {
      const answers = await Promise.all([others, isBanned, isInTime, slot, stranger, crowd]);
      return this.#judge({
        others: answers[0],
        isBanned: answers[1],
        isInTime: answers[2],
        slot: answers[3],
        stranger: answers[4],
        crowd: answers[5],
      }, address);
    } catch {
      for (const place of [slot, stranger, crowd]) (await settled(place))?.[Symbol.dispose]();
      const counted = await settled(others) !== undefined;
      return { why: "sharedState", text: "Service is not available now, try again later", counted };
    }
  }

  /** A connection has all places, or none. */
  #judge({ others, isBanned, isInTime, slot, stranger, crowd }: Answers, address: string): Places | Refusal {
    const { maxSessions } = this.#options;
    const isFull = maxSessions > 0 && others >= maxSessions;
    if (slot && stranger && crowd && !isFull && !isBanned && isInTime) {
      return { slot, stranger: crowd === NOT_COUNTED ? stranger : new BothPlaces(stranger, crowd) };
    }
    for (const place of [slot, stranger, crowd]) place?.[Symbol.dispose]();
    // A crowd that has all of its places is no flood.
    if (!isInTime && slot && stranger) unawaited(this.#sharedState.gate.offended(address, "connectionRate"));
    const why = isFull
      ? "sessions"
      : isBanned
      ? "banned"
      : !slot
      ? "address"
      : !stranger
      ? "strangers"
      : !isInTime
      ? "rate"
      : "crowd";
    return { why, text: TEXTS[why], counted: true, isFlood: isBanned || !isInTime };
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
  async #refuse(connection: Connection, { why, text, counted, isFlood = false }: Refusal): Promise<void> {
    const address = unmapped(connection.remoteAddr.hostname);
    this.#options.meter?.connectionRefused(why);
    this.#reports.refused(address, text, isFlood);
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

function isAnswered(questions: Questions): questions is Answers {
  const { others, isBanned, isInTime, slot, stranger, crowd } = questions;
  return ![others, isBanned, isInTime, slot, stranger, crowd].some((answer) => answer instanceof Promise);
}

/** The answer; `undefined` where there is none. Never rejects. */
async function settled<T>(answer: MaybeLater<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch {
    return undefined;
  }
}

/** A place where nothing is counted. */
const NOT_COUNTED: Disposable = { [Symbol.dispose]: () => {} };

/** Two places that are given back together. */
class BothPlaces implements Disposable {
  readonly #one: Disposable;
  readonly #other: Disposable;

  constructor(one: Disposable, other: Disposable) {
    this.#one = one;
    this.#other = other;
  }

  [Symbol.dispose](): void {
    this.#one[Symbol.dispose]();
    this.#other[Symbol.dispose]();
  }
}

/** For an answer that makes no difference; a failure has been reported. */
export function unawaited(answer: unknown): void {
  if (answer instanceof Promise) answer.catch(() => {});
}

function limitFor({ limit, loopback }: AddressCap, isLocal: boolean): number {
  return loopback || !isLocal ? limit : 0;
}
