/**
 * Shared state that anyone may have implemented, so that nothing hangs or ends with it: a question that fails is
 * reported once, here, and rejects with a {@link SharedStateError}, as does one that is not answered in time.
 *
 * @module
 */

import type {
  MaybeLater,
  SharedBans,
  SharedCount,
  SharedCounter,
  SharedGate,
  SharedPace,
  SharedState,
  SharedTurn,
} from "../options/shared_state.ts";
import { SharedTimers } from "../data/shared_timers.ts";
import type { DigestMemory } from "../vfs/digests.ts";
import type { Usage } from "../vfs/usage.ts";

/** Milliseconds that an answer may take. */
const LIMIT = 10_000;

/** A question to the shared state has failed. */
export class SharedStateError extends Error {
  override readonly name = "SharedStateError";
}

/** The options of {@link guardState}. */
export interface GuardOptions {
  /** Called with every failure. */
  readonly onFailure: (error: SharedStateError) => void;
  /**
   * Milliseconds that an answer may take.
   *
   * @default 10_000
   */
  readonly limit?: number;
}

/** `state` with answers that fail or are late reported. One that is there at once is returned at once. */
export function guardState(state: SharedState, options: GuardOptions): SharedState {
  const guard = new StateGuard(options);
  const { connections, sessions, perAddress, strangers, arrivals, perAccount, gate, recentUploads } = state;
  return {
    idPrefix: state.idPrefix,
    connections: guard.count("connections", connections),
    sessions: guard.count("sessions", sessions),
    perAddress: guard.counter("perAddress", perAddress),
    strangers: guard.counter("strangers", strangers),
    arrivals: guard.pace("arrivals", arrivals),
    perAccount: guard.counter("perAccount", perAccount),
    gate: guard.gate(gate),
    ...(state.bans && { bans: guard.bans(state.bans) }),
    digests: guard.digests(state.digests),
    recentUploads: {
      remember: (upload) => guard.tell("recentUploads.remember", () => recentUploads.remember(upload)),
      has: (upload) => guard.ask("recentUploads.has", () => recentUploads.has(upload)),
    },
    usageOf: guard.usages((rootPath) => state.usageOf(rootPath)),
    ...(state.limiterOf && { limiterOf: state.limiterOf.bind(state) }),
    others: () => guard.ask("others", () => state.others()),
    rest: () => state.rest?.(),
  };
}

class StateGuard {
  readonly #onFailure: GuardOptions["onFailure"];
  readonly #limit: number;
  /** A connection asks five questions at once, and all have the same limit. */
  readonly #timers = new SharedTimers();

  constructor({ onFailure, limit = LIMIT }: GuardOptions) {
    this.#onFailure = onFailure;
    this.#limit = limit;
  }

  /**
   * The answer, as soon as it is there.
   *
   * @param giveBack gets one that came too late.
   * @param limit milliseconds: those of all questions, or 0 for none.
   */
  ask<T>(
    name: string,
    question: () => MaybeLater<T>,
    giveBack?: (late: T) => unknown,
    limit = this.#limit,
  ): MaybeLater<T> {
    try {
      const answer = question();
      return answer instanceof Promise ? this.#wait(name, answer, { giveBack, limit }) : answer;
    } catch (error) {
      return Promise.reject(this.#failure(name, error));
    }
  }

  /** Something that no caller waits for. */
  tell(name: string, message: () => unknown): void {
    const told = this.ask<unknown>(name, message);
    // It has been reported.
    if (told instanceof Promise) told.catch(() => {});
  }

  count(name: string, count: SharedCount): SharedCount {
    const add = (change: 1 | -1) =>
      this.ask(
        `${name}.add`,
        () => count.add(change),
        () => this.tell(`${name}.add`, () => count.add(-change as 1 | -1)),
      );
    return {
      get count() {
        return count.count;
      },
      add,
    };
  }

  counter(name: string, counter: SharedCounter): SharedCounter {
    return {
      add: (key, limit) => this.ask(`${name}.add`, () => counter.add(key, limit), (late) => late?.[Symbol.dispose]()),
    };
  }

  pace(name: string, pace: SharedPace): SharedPace {
    return { take: (key) => this.ask(`${name}.take`, () => pace.take(key)) };
  }

  gate(gate: SharedGate): SharedGate {
    return {
      offended: (address, offence) => this.tell("gate.offended", () => gate.offended(address, offence)),
      isBanned: (address) => this.ask("gate.isBanned", () => gate.isBanned(address)),
      // A turn comes when it comes: the signal of the visit ends the wait.
      enter: (visit) => {
        const turn = this.ask("gate.enter", () => gate.enter(visit), undefined, 0);
        return turn instanceof Promise ? turn.then((turn) => turn && this.#turn(turn)) : turn && this.#turn(turn);
      },
    };
  }

  bans(bans: SharedBans): SharedBans {
    return {
      list: () => this.ask("bans.list", () => bans.list()),
      ban: (address, order) => this.ask("bans.ban", () => bans.ban(address, order)),
      lift: (address) => this.ask("bans.lift", () => bans.lift(address)),
    };
  }

  digests(digests: DigestMemory): DigestMemory {
    return {
      find: (key, file, algorithm) => {
        const found = this.ask("digests.find", () => digests.find(key, file, algorithm));
        // Without an answer the file is read.
        return found instanceof Promise ? found.catch(() => undefined) : found;
      },
      remember: (key, file, found) => this.tell("digests.remember", () => digests.remember(key, file, found)),
      forget: (key) => this.tell("digests.forget", () => digests.forget(key)),
    };
  }

  #turn(turn: SharedTurn): SharedTurn {
    return {
      failed: () => this.ask("turn.failed", () => turn.failed()),
      succeeded: () => this.ask("turn.succeeded", () => turn.succeeded()),
      abandon: () => this.tell("turn.abandon", () => turn.abandon()),
    };
  }

  /** Each usage once, as it is asked for every write. */
  usages(usageOf: (rootPath: string) => Usage): (rootPath: string) => Usage {
    const guarded = new WeakMap<Usage, Usage>();
    return (rootPath) => {
      const usage = usageOf(rootPath);
      const known = guarded.get(usage) ?? this.#usage(usage);
      guarded.set(usage, known);
      return known;
    };
  }

  #usage(usage: Usage): Usage {
    const read = () => this.ask("usage.bytes", () => usage.bytes);
    return {
      get bytes() {
        return read();
      },
      // These walk the tree of an account, and fail as its driver does.
      count: (vfs) => usage.count(vfs),
      recount: (vfs) => usage.recount(vfs),
      take: (bytes, limit) =>
        this.ask("usage.take", () => usage.take(bytes, limit), (taken) => {
          if (!taken) return;
          this.tell("usage.settle", () => usage.settle(bytes));
          this.tell("usage.release", () => usage.release(bytes));
        }),
      settle: (bytes) => this.tell("usage.settle", () => usage.settle(bytes)),
      release: (bytes) => this.tell("usage.release", () => usage.release(bytes)),
      moved: () => this.tell("usage.moved", () => usage.moved()),
    };
  }

  #wait<T>(
    name: string,
    answer: Promise<T>,
    { giveBack, limit }: { readonly giveBack: ((late: T) => unknown) | undefined; readonly limit: number },
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let isLate = false;
    const giveUp = () => {
      isLate = true;
      reject(this.#failure(name, new Error(`No answer within ${limit} ms`)));
    };
    const timer = limit > 0 ? this.#timers.start(limit, giveUp) : undefined;
    answer.then((value) => {
      timer?.end();
      if (isLate) giveBack?.(value);
      else resolve(value);
    }, (error) => {
      timer?.end();
      if (!isLate) reject(this.#failure(name, error));
    });
    return promise;
  }

  #failure(name: string, cause: unknown): SharedStateError {
    const failure = new SharedStateError(`The shared state failed in ${name}`, { cause });
    this.#onFailure(failure);
    return failure;
  }
}
