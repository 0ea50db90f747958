/**
 * Accounts that are kept elsewhere: what such a place answers, and what is remembered of it.
 *
 * @module
 */

import { addressKey } from "../../net/address_key.ts";
import type { Account } from "../accounts.ts";
import type { LoginAttempt } from "../authenticator.ts";
import { FairQueue } from "../fair_queue.ts";
import { VerifiedPasswords } from "../verified_passwords.ts";

/** What a backend says: the account of a right password, or no, or that it does not know the name. */
export type BackendAnswer = Account | "wrong" | "unknown";

/** The place of accounts, asked for each login that is not remembered. */
export interface Backend {
  /** For messages: how it is configured, without secrets. */
  readonly name: string;
  /**
   * Asks once, with its own limit of time. Rejects with {@link BackendDown}, or any other error, when there is no
   * answer that can be used.
   */
  ask(attempt: LoginAttempt, signal: AbortSignal): Promise<BackendAnswer>;
}

/** A backend gives no answer that can be used. */
export class BackendDown extends Error {
  override readonly name = "BackendDown";
}

/** The options of a {@link RememberingBackend}. Times are in milliseconds. */
export interface BackendOptions {
  /** For how long a right password is not asked for again; at least 1. */
  readonly fresh: number;
  /** For how long it still counts when the backend is down. */
  readonly stale: number;
  /**
   * For one question.
   *
   * @default 5_000
   */
  readonly timeout?: number;
  /** Called when the backend begins to be down, and with `undefined` when it is back. */
  readonly onChange: (error: unknown) => void;
  /**
   * Milliseconds since 1970.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

/** Questions to one backend at the same time; the others wait, each address in a queue of its own. */
const AT_ONCE = 16;
/** Right passwords that are remembered. */
const CAPACITY = 10_000;
/** Milliseconds after a failure in which nothing is asked: logins do not pile up behind a backend that hangs. */
const REST = 2_000;

interface Remembered {
  readonly account: Account;
  readonly at: number;
}

/** A backend with a memory for right passwords. Wrong ones are asked for every time. */
export class RememberingBackend {
  readonly #backend: Backend;
  readonly #options: BackendOptions;
  readonly #now: () => number;
  readonly #queue = new FairQueue(AT_ONCE);
  /** Makes the keys, which reveal no password. */
  readonly #proofs: VerifiedPasswords;
  readonly #known = new Map<string, Remembered>();
  #downUntil = 0;
  #isDown = false;

  constructor(backend: Backend, options: BackendOptions) {
    this.#backend = backend;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#proofs = new VerifiedPasswords({ lifetime: 1, capacity: 1, now: this.#now });
  }

  /** Answers at once what is remembered. @throws {BackendDown} in the promise. */
  check(attempt: LoginAttempt): BackendAnswer | Promise<BackendAnswer> {
    const proof = this.#proofs.make(attempt.name, this.#backend.name, attempt.password);
    const known = this.#known.get(proof);
    const age = known ? this.#now() - known.at : Infinity;
    if (known && age < this.#options.fresh) return known.account;
    return this.#ask(attempt, proof, age < this.#options.stale ? known : undefined);
  }

  async #ask(attempt: LoginAttempt, proof: string, known: Remembered | undefined): Promise<BackendAnswer> {
    try {
      if (this.#now() < this.#downUntil) throw new BackendDown(`${this.#backend.name} did not answer a moment ago`);
      const answer = await this.#queue.run(addressKey(attempt.address), () => this.#question(attempt), attempt.signal);
      this.#change(undefined);
      return this.#remember(proof, answer);
    } catch (error) {
      if (attempt.signal?.aborted) throw error;
      this.#change(error);
      if (known) return known.account;
      throw error instanceof BackendDown ? error : new BackendDown(`${this.#backend.name} is down`, { cause: error });
    }
  }

  async #question(attempt: LoginAttempt): Promise<BackendAnswer> {
    const limit = new AbortController();
    const { timeout = 5_000 } = this.#options;
    const { promise, reject } = Promise.withResolvers<never>();
    // A backend that does not heed the signal is not waited for.
    const timer = setTimeout(() => {
      const error = new BackendDown(`${this.#backend.name} did not answer within ${timeout} ms`);
      limit.abort(error);
      reject(error);
    }, timeout);
    try {
      return await Promise.race([this.#backend.ask(attempt, limit.signal), promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #remember(proof: string, answer: BackendAnswer): BackendAnswer {
    this.#known.delete(proof);
    if (typeof answer === "string") return answer;
    const [oldest] = this.#known.keys();
    if (this.#known.size >= CAPACITY && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(proof, { account: answer, at: this.#now() });
    return answer;
  }

  #change(error: unknown): void {
    const isDown = error !== undefined;
    if (isDown && this.#now() >= this.#downUntil) this.#downUntil = this.#now() + REST;
    if (!isDown) this.#downUntil = 0;
    if (isDown !== this.#isDown) this.#options.onChange(error);
    this.#isDown = isDown;
  }
}
