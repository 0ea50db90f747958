/**
 * Logins by a file and by backends: the first that knows the name decides.
 *
 * @module
 */

import type { AccountsStore } from "../accounts.ts";
import { type Authenticator, type AuthResult, type LoginAttempt, refusalOf } from "../authenticator.ts";
import type { BackendAnswer, RememberingBackend } from "./backend.ts";

/** The places of accounts, in the order in which they are asked. */
export interface ChainOptions {
  /** Knows the names that {@link authenticator} decides about. */
  readonly accounts: AccountsStore;
  readonly authenticator: Authenticator;
  readonly backends: readonly RememberingBackend[];
}

/** Asks the file first, then each backend that is left until one knows the name. */
export class ChainAuthenticator implements Authenticator {
  readonly #options: ChainOptions;

  constructor(options: ChainOptions) {
    this.#options = options;
  }

  authenticate(attempt: LoginAttempt): AuthResult | Promise<AuthResult> {
    const { accounts, authenticator } = this.#options;
    // An empty password must not reach LDAP: a bind without one succeeds for every name (RFC 4513 section 5.1.2).
    if (accounts.find(attempt.name) || attempt.password === "") return authenticator.authenticate(attempt);
    return this.#ask(attempt, 0);
  }

  #ask(attempt: LoginAttempt, index: number): AuthResult | Promise<AuthResult> {
    const { authenticator, backends } = this.#options;
    const backend = backends[index];
    // It refuses with as much work as for a wrong password.
    if (!backend) return authenticator.authenticate(attempt);
    const judge = (answer: BackendAnswer) =>
      answer === "unknown" ? this.#ask(attempt, index + 1) : this.#judge(attempt, answer);
    const answer = backend.check(attempt);
    if (!(answer instanceof Promise)) return judge(answer);
    return answer.then(judge, (error) => {
      if (attempt.signal?.aborted) throw error;
      // Not the next one: it might know another person by that name.
      return { ok: false, reason: "backend" } as const;
    });
  }

  #judge(attempt: LoginAttempt, answer: Exclude<BackendAnswer, "unknown">): AuthResult {
    if (answer === "wrong") return { ok: false, reason: "password" };
    const reason = refusalOf(answer, attempt, Date.now());
    return reason === undefined ? { ok: true, account: answer } : { ok: false, reason };
  }
}
