/**
 * How a session logs in and out: the password, its place among the sessions of the account, its files and rates.
 *
 * @module
 */

import type { Account } from "../auth/accounts.ts";
import { reported } from "../commands/explained_reply.ts";
import type { LoginFailure } from "../events.ts";
import type { CommandContext, ControlInfo, HandlerEvent, LoginState } from "../commands/context.ts";
import { bothLimits, RateLimiter } from "../data/rate_limit.ts";
import * as reply from "../protocol/reply.ts";
import type { SessionOwner } from "./host.ts";
import { SharedStateError } from "./guarded_state.ts";
import { LoginAttempts, type Visitor } from "./login_attempts.ts";

/** The session that logs in. */
export interface LoginHolder {
  readonly login: LoginState;
  readonly control: ControlInfo;
  limiters: CommandContext["limiters"];
  /** Takes the place among the sessions of the account in exchange for the one that the session has had. */
  entered(place: Disposable): void;
  /** Calls `onGone` when the client has gone. */
  watchPeer(onGone: () => void): void;
  report(event: HandlerEvent): void;
}

/** The logins of one session, one after the other. */
export class SessionLogin implements Visitor {
  readonly #host: SessionOwner;
  readonly #holder: LoginHolder;
  readonly #attempts: LoginAttempts;
  /** The place among the sessions of the account, until the holder has it. */
  #admission: Disposable | undefined;
  #over = false;

  constructor(host: SessionOwner, holder: LoginHolder) {
    this.#host = host;
    this.#holder = holder;
    this.#attempts = new LoginAttempts(host, this);
  }

  /** Whether any has failed: the next ones are counted with it. */
  get failed(): boolean {
    return this.#attempts.failed;
  }

  /** See {@link Visitor}. */
  get control(): ControlInfo {
    return this.#holder.control;
  }

  /** See `CommandContext.authenticate`. */
  async authenticate(password: string): Promise<reply.Reply> {
    const name = this.#holder.login.name ?? "";
    try {
      const tried = this.#attempts.attempt({ name, password, secure: this.control.secure });
      const outcome = tried instanceof Promise ? await tried : tried;
      return "refusal" in outcome ? reported(outcome.refusal) : await this.#enter(name, outcome.account);
    } catch (error) {
      if (!(error instanceof SharedStateError)) throw error;
      this.loginFailed(name, "sharedState");
      return reported(reply.closing("Login is not possible now, try again later"));
    }
  }

  /** See {@link Visitor}. */
  watchPeer(onGone: () => void): void {
    this.#holder.watchPeer(onGone);
  }

  /** See {@link Visitor}. */
  loginFailed(name: string, reason: LoginFailure): void {
    this.#refused(name, reason);
    this.#holder.login.name = undefined;
  }

  async #enter(name: string, account: Account): Promise<reply.Reply> {
    if (this.#over) return reply.notLoggedIn;
    const answer = this.#host.admit(account);
    const admission = answer instanceof Promise ? await answer : answer;
    if (this.#over) {
      admission?.[Symbol.dispose]();
      return reply.notLoggedIn;
    }
    if (!admission) {
      this.#refused(name, "tooManySessions");
      return reported(reply.loginRefused("Too many sessions for this account"));
    }
    this.#admission = admission;
    try {
      const view = this.#host.openView(account);
      const vfs = view instanceof Promise ? await view : view;
      // The session has ended in the meantime: the admission has been given back.
      if (this.#over) return reply.notLoggedIn;
      this.#holder.login.vfs = vfs;
    } catch (error) {
      this.#giveBack();
      this.#holder.report({
        type: "problem",
        level: "error",
        message: `Cannot open the files of account "${account.name}"`,
        error,
      });
      this.#refused(name, "files");
      return reported(reply.loginRefused("The files of this account are unavailable"));
    }
    this.#holder.login.account = account;
    this.#admission = undefined;
    this.#holder.entered(admission);
    this.#holder.limiters = limitersOf(account, this.#host);
    this.#holder.report({ type: "login", name, ok: true, protection: this.control.protection });
    return reply.loggedIn(greetingOf(account));
  }

  #refused(name: string, reason: LoginFailure): void {
    this.#holder.report({ type: "login", name, ok: false, reason, protection: this.control.protection });
  }

  #giveBack(): void {
    this.#admission?.[Symbol.dispose]();
    this.#admission = undefined;
  }

  /** Sends delayed answers now, and gives up a login that waits for its turn. */
  endPause(): void {
    this.#attempts.endWait();
  }

  /** The session is over: enters no account from now on. */
  end(): void {
    this.#over = true;
    this.#attempts.end();
    this.#giveBack();
  }
}

/** The limiters of an account without limits, and of a session without an account. */
export const NO_LIMITS: CommandContext["limiters"] = Object.freeze({ upload: undefined, download: undefined });

function limitersOf(account: Account, { limiterOf }: Pick<SessionOwner, "limiterOf">): CommandContext["limiters"] {
  const { name, uploadRate, downloadRate, totalUploadRate, totalDownloadRate } = account;
  const own = (rate: number | undefined) => rate === undefined ? undefined : new RateLimiter(rate);
  const total = (way: string, rate: number | undefined) =>
    rate === undefined ? undefined : limiterOf(`${way} ${name}`, rate);
  const upload = bothLimits(own(uploadRate), total("upload", totalUploadRate));
  const download = bothLimits(own(downloadRate), total("download", totalDownloadRate));
  return upload || download ? { upload, download } : NO_LIMITS;
}

function greetingOf({ name, welcome }: Account): string | readonly string[] {
  const last = `Logged in as ${name}`;
  return welcome.length === 0 ? last : [...welcome.map((line) => line.replaceAll("%u", () => name)), last];
}
