/**
 * The logins that a session tries: their turn at the gate, the check of the password, and the wait after a wrong one.
 *
 * @module
 */

import type { Account } from "../auth/accounts.ts";
import type { AuthResult, LoginAttempt } from "../auth/authenticator.ts";
import type { LoginVisit } from "../auth/login_gate.ts";
import type { LoginFailure } from "../events.ts";
import type { ControlInfo } from "../commands/context.ts";
import { type MaybeLater, whenKnown } from "../vfs/upload_locks.ts";
import type { SharedTurn } from "../options/shared_state.ts";
import * as reply from "../protocol/reply.ts";
import type { SessionOwner } from "./host.ts";

/** What a client sends to log in. */
export type Credentials = Pick<LoginAttempt, "name" | "password" | "secure">;

/** The account of a right password, or the reply to a wrong one. */
export type LoginOutcome = { readonly account: Account } | { readonly refusal: reply.Reply };

/** Whose logins they are. */
export interface Visitor {
  readonly control: Pick<ControlInfo, "remote">;
  /** Calls `onGone` when the client has gone. */
  watchPeer(onGone: () => void): void;
  /** Called for every login that fails, before it is answered: the answer may be late. */
  loginFailed(name: string, reason: LoginFailure): void;
}

/** One attempt, for the gate and for what checks the password. */
class Visit implements LoginVisit, LoginAttempt {
  readonly name: string;
  readonly password: string;
  readonly secure: boolean;
  readonly address: string;
  readonly isRetry: boolean;
  readonly #makeSignal: () => AbortSignal;

  constructor(
    { name, password, secure }: Credentials,
    { address, isRetry, makeSignal }: Pick<Visit, "address" | "isRetry"> & { readonly makeSignal: () => AbortSignal },
  ) {
    this.name = name;
    this.password = password;
    this.secure = secure;
    this.address = address;
    this.isRetry = isRetry;
    this.#makeSignal = makeSignal;
  }

  /** Made on demand: nearly every login waits for nothing. */
  get signal(): AbortSignal {
    return this.#makeSignal();
  }
}

/** Where logins are tried. */
type LoginHost = Pick<SessionOwner, "options" | "gate">;

/** The attempts of one session, one after the other. */
export class LoginAttempts {
  readonly #host: LoginHost;
  readonly #visitor: Visitor;
  #failures = 0;
  #over = false;
  /** Made where a login has something to wait for. */
  #waiting: AbortController | undefined;
  #wake: (() => void) | undefined;

  constructor(host: LoginHost, visitor: Visitor) {
    this.#host = host;
    this.#visitor = visitor;
  }

  /** Whether any has failed: the next ones are counted with it. */
  get failed(): boolean {
    return this.#failures > 0;
  }

  /** Tries a password. Throws or rejects where the authenticator does. */
  attempt(credentials: Credentials): MaybeLater<LoginOutcome> {
    const address = this.#visitor.control.remote.hostname;
    const visit = new Visit(credentials, { address, isRetry: this.failed, makeSignal: () => this.#signal() });
    // Asked here, too: connections from before the ban would go on to guess.
    return whenKnown(
      this.#host.gate.isBanned(address),
      (isBanned) => isBanned ? this.#shutOut(visit) : this.#takeTurn(visit),
    );
  }

  #takeTurn(visit: Visit): MaybeLater<LoginOutcome> {
    return whenKnown(this.#host.gate.enter(visit), (turn) => turn ? this.#try(turn, visit) : this.#leftOut(visit));
  }

  async #leftOut(visit: Visit): Promise<LoginOutcome> {
    return await this.#host.gate.isBanned(visit.address) ? this.#shutOut(visit) : GIVEN_UP;
  }

  #try(turn: SharedTurn, visit: Visit): MaybeLater<LoginOutcome> {
    return whenKnown(this.#check(turn, visit), (result) => {
      if (!result) return GIVEN_UP;
      // A ban applies to what was under way, too: a moment later the password would not have been checked.
      return whenKnown(this.#isBannedNow(turn, visit.address), (isBanned) => {
        if (!isBanned) return this.#conclude(turn, visit, result);
        turn.abandon();
        return this.#shutOut(visit);
      });
    });
  }

  #conclude(turn: SharedTurn, { name }: Visit, result: AuthResult): MaybeLater<LoginOutcome> {
    if (result.ok) {
      const { account } = result;
      return whenKnown(turn.succeeded(), () => this.#over ? GIVEN_UP : { account });
    }
    if (result.reason !== "backend") return this.#fail(turn, name, result.reason);
    turn.abandon();
    this.#visitor.loginFailed(name, "backend");
    return { refusal: reply.closing("Login is not possible now, try again later") };
  }

  /** Sends delayed answers now, and gives up what waits for its turn. */
  endWait(): void {
    this.#waiting?.abort();
    this.#wake?.();
  }

  /** The session is over: nothing waits from now on. */
  end(): void {
    this.#over = true;
    this.endWait();
  }

  #signal(): AbortSignal {
    if (!this.#waiting) {
      this.#waiting = new AbortController();
      this.#visitor.watchPeer(() => this.endWait());
    }
    if (this.#over) this.#waiting.abort();
    return this.#waiting.signal;
  }

  /** Without an answer the turn is over, too. */
  #isBannedNow(turn: SharedTurn, address: string): MaybeLater<boolean> {
    const answer = this.#host.gate.isBanned(address);
    if (!(answer instanceof Promise)) return answer;
    return answer.catch((error) => {
      turn.abandon();
      throw error;
    });
  }

  /**
   * `undefined` if the client no longer waits for the answer. At once where the authenticator answers at once: of many
   * logins at the same time each then gives back its turn before the next one asks for it, and none has to wait.
   */
  #check(turn: SharedTurn, attempt: LoginAttempt): MaybeLater<AuthResult | undefined> {
    let tried;
    try {
      tried = this.#host.options.authenticator.authenticate(attempt);
    } catch (error) {
      tried = Promise.reject(error);
    }
    if (tried instanceof Promise) return this.#checkLater(turn, tried);
    this.#waiting = undefined;
    return tried;
  }

  async #checkLater(turn: SharedTurn, tried: Promise<AuthResult>): Promise<AuthResult | undefined> {
    try {
      return await tried;
    } catch (error) {
      turn.abandon();
      if (!this.#waiting?.signal.aborted) throw error;
      return undefined;
    } finally {
      this.#waiting = undefined;
    }
  }

  /** The same text for every reason except missing TLS, which is reported only after a right password. */
  async #fail(turn: SharedTurn, name: string, reason: LoginFailure): Promise<LoginOutcome> {
    const answer = turn.failed();
    const delay = answer instanceof Promise ? await answer : answer;
    this.#visitor.loginFailed(name, reason);
    this.#failures++;
    if (!this.#over) await this.#pause(delay);
    if (reason === "tls") return { refusal: reply.loginRefused("This account requires TLS: send AUTH TLS first") };
    const { maxLoginFailures } = this.#host.options;
    const enough = maxLoginFailures > 0 && this.#failures >= maxLoginFailures;
    return { refusal: enough ? reply.closing("Too many failed logins, goodbye") : reply.loginIncorrect };
  }

  #shutOut({ name }: Visit): LoginOutcome {
    this.#visitor.loginFailed(name, "shutOut");
    return { refusal: reply.closing(reply.shutOut) };
  }

  #pause(milliseconds: number): Promise<void> | undefined {
    if (milliseconds <= 0) return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The only client that reads this is one that is sent away because the server shuts down. */
const GIVEN_UP: LoginOutcome = { refusal: reply.closing("Login abandoned, try again later") };
