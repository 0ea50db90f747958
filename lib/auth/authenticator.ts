/**
 * Decides who may log in.
 *
 * @module
 */

import { addressKey } from "../net/address_key.ts";
import { type Account, type AccountsStore, isAnonymous, loginState } from "./accounts.ts";
import { decoyHash, verifyPassword } from "./password.ts";
import { VerifiedPasswords } from "./verified_passwords.ts";
import { SharedCheck } from "./shared_check.ts";
import { FairQueue } from "./fair_queue.ts";

/** What a client sends to log in, and what the server knows about the connection. */
export interface LoginAttempt {
  /** As the client sent it. */
  readonly name: string;
  /** As the client sent it. */
  readonly password: string;
  /** IP address of the client. */
  readonly address: string;
  /** Whether the control connection is under TLS. */
  readonly secure: boolean;
  /** Aborted when the answer is no longer needed: `authenticate` may then reject. */
  readonly signal?: AbortSignal;
}

/**
 * Why a login is refused. Only for the log: the client gets the same text for every reason except `tls`, which is only
 * reported after the right password, and `backend`: what knows the account does not answer, so that the login counts as
 * not tried.
 */
export type LoginRefusal = "unknown" | "password" | "disabled" | "expired" | "address" | "tls" | "backend";

/** The outcome of an attempt. */
export type AuthResult =
  | { readonly ok: true; readonly account: Account }
  | { readonly ok: false; readonly reason: LoginRefusal };

/** Answers logins. An embedding program may supply its own. */
export interface Authenticator {
  /**
   * Answers synchronously when nothing has to be computed, so that a login costs no turn of the event loop. Never
   * rejects for a failed login.
   */
  authenticate(attempt: LoginAttempt): AuthResult | Promise<AuthResult>;
}

/** The options of {@link PasswordAuthenticator}, with defaults for a server on the public internet. */
export interface AuthenticatorOptions {
  /**
   * Password checks at the same time; each takes one processor and, by default, 16 MiB. Default: one less than the
   * number of processors, 1 to 4.
   */
  readonly concurrency?: number;
  /**
   * Milliseconds after its last use for which a right password is not computed again. 0: always compute.
   *
   * @default 300_000
   */
  readonly proofLifetime?: number;
  /**
   * The largest number of right passwords remembered.
   *
   * @default 10_000
   */
  readonly proofCapacity?: number;
  /**
   * Whether a password matches a hash; a store with other hash schemes supplies its own.
   *
   * @default verifyPassword
   */
  readonly verify?: (password: string, encoded: string) => Promise<boolean>;
  /**
   * Milliseconds since 1970.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

const DEFAULT_PROOF_LIFETIME = 300_000;
const DEFAULT_PROOF_CAPACITY = 10_000;

/**
 * Checks passwords against a store. An unknown name takes the same work as a wrong password, and everything but the
 * password is checked after it, so that response times reveal nothing about an account.
 */
export class PasswordAuthenticator implements Authenticator {
  readonly #store: AccountsStore;
  readonly #verified: VerifiedPasswords;
  readonly #queue: FairQueue;
  readonly #verify: (password: string, encoded: string) => Promise<boolean>;
  readonly #now: () => number;
  readonly #decoy = decoyHash();
  /** Running checks, by proof: two identical logins at the same time share one computation. */
  readonly #running = new Map<string, SharedCheck>();

  /** `store` is asked at each login, so that a reload takes effect at once. */
  constructor(store: AccountsStore, options: AuthenticatorOptions = {}) {
    this.#store = store;
    this.#verify = options.verify ?? verifyPassword;
    this.#now = options.now ?? Date.now;
    this.#queue = new FairQueue(options.concurrency ?? defaultConcurrency());
    this.#verified = new VerifiedPasswords({
      lifetime: options.proofLifetime ?? DEFAULT_PROOF_LIFETIME,
      capacity: options.proofCapacity ?? DEFAULT_PROOF_CAPACITY,
      now: this.#now,
    });
  }

  authenticate(attempt: LoginAttempt): AuthResult | Promise<AuthResult> {
    const account = this.#store.find(attempt.name);
    if (account !== undefined && isAnonymous(account)) return this.#admit(account, attempt);
    const encoded = account?.passwordHash ?? this.#decoyFor(attempt.name);
    const proof = this.#verified.make(account?.name ?? attempt.name, encoded, attempt.password);
    if (account !== undefined && this.#verified.has(proof)) {
      const known = this.#admit(account, attempt);
      // A refusal that comes faster than others would reveal that the password is right, so every refusal takes the
      // whole path.
      if (known.ok) return known;
    }
    return this.#check(proof, encoded, attempt).then((right) => {
      // Looked up again: the file may have changed while this attempt was queued.
      const current = this.#store.find(attempt.name);
      if (current === undefined) return { ok: false, reason: "unknown" };
      // Nothing is remembered for a name checked against a decoy: the next answer, a fast one, would reveal that the
      // password is right for another account.
      if (!right || current.passwordHash !== encoded) return { ok: false, reason: "password" };
      const result = this.#admit(current, attempt);
      if (result.ok) this.#verified.add(proof);
      return result;
    });
  }

  /** The remaining checks once the password is right. */
  #admit(account: Account, attempt: LoginAttempt): AuthResult {
    const reason = refusalOf(account, attempt, this.#now());
    return reason === undefined ? { ok: true, account } : { ok: false, reason };
  }

  #check(proof: string, encoded: string, attempt: LoginAttempt): Promise<boolean> {
    const running = this.#running.get(proof);
    if (running !== undefined) return running.join(attempt.signal);
    const check = new SharedCheck(
      (signal) => {
        const verify = () => this.#verify(attempt.password, encoded);
        return this.#queue.run(addressKey(attempt.address), verify, signal);
      },
      () => {
        if (this.#running.get(proof) === check) this.#running.delete(proof);
      },
    );
    this.#running.set(proof, check);
    return check.join(attempt.signal);
  }

  /**
   * The hash that an unknown name is checked against: the hash of some account, always the same one for the same name,
   * so that the cost is distributed as it is over the accounts, whatever the parameters of their hashes.
   */
  #decoyFor(name: string): string {
    const [first = 0, second = 0, third = 0] = Uint8Array.fromBase64(this.#verified.make(name, "", ""));
    const accounts = this.#store.list();
    return accounts[(first << 16 | second << 8 | third) % accounts.length]?.passwordHash ?? this.#decoy;
  }
}

/** Why an account with the right password may not log in at `now`, in milliseconds since 1970. */
export function refusalOf(account: Account, attempt: LoginAttempt, now: number): LoginRefusal | undefined {
  const state = loginState(account, now);
  if (state !== "enabled") return state;
  const { allowFrom } = account;
  if (allowFrom.length > 0 && !allowFrom.some((network) => network.contains(attempt.address))) return "address";
  return account.tls === "required" && !attempt.secure ? "tls" : undefined;
}

function defaultConcurrency(): number {
  return Math.min(4, Math.max(1, navigator.hardwareConcurrency - 1));
}
