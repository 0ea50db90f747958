/**
 * Logins by name, password and, where the user has a secret, a code: throttled by the same code as FTP logins.
 *
 * @module
 */

import { delay } from "@std/async/delay";
import * as v from "valibot";
import { PasswordAuthenticator } from "../auth/authenticator.ts";
import type { Bans } from "../auth/bans.ts";
import { LoginGate } from "../auth/login_gate.ts";
import { FailureThrottle } from "../auth/throttle.ts";
import { HttpError } from "../http/http_error.ts";
import { addressKey } from "../net/address_key.ts";
import type { Caller } from "./caller.ts";
import type { AdminUsers } from "./users.ts";

/** Seconds for which a code holds (RFC 6238 section 5.2). */
const PERIOD = 30;
/** Characters of a name or a password that are looked at. */
const LONGEST = 1_000;

const word = v.pipe(v.string(), v.maxLength(LONGEST));

/** Seconds after which a login that had no turn may be tried again. */
const SOON = 30;

/** The body of such a login. */
export const userLogin = v.strictObject({
  name: word,
  password: word,
  code: v.exactOptional(v.pipe(v.string(), v.regex(/^\d{6}$/, "Must be six digits"))),
});

/** The options of {@link UserLogins}. */
export interface UserLoginsOptions {
  readonly users: AdminUsers;
  /** Which addresses are shut out here. */
  readonly bans: Bans;
  /** Milliseconds: as `failureDelay` and `guessInterval` of a server. */
  readonly failureDelay: number;
  readonly guessInterval: number;
  /** Called with each login that fails. */
  readonly onFailed: (name: string, address: string) => void;
  /**
   * Milliseconds since 1970, for codes.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

/** Checks logins. */
export class UserLogins {
  readonly #options: UserLoginsOptions;
  readonly #gate: LoginGate;
  readonly #authenticator: PasswordAuthenticator;
  /** The step of the last code of each user: a code is good once (RFC 6238 section 5.2). */
  readonly #spent = new Map<string, number>();

  constructor(options: UserLoginsOptions) {
    this.#options = options;
    const { users, bans, failureDelay, guessInterval } = options;
    this.#gate = new LoginGate({
      throttle: new FailureThrottle({ delay: failureDelay }),
      bans,
      interval: guessInterval,
    });
    // Each login computes the hash: there are few of them, and no password is to be remembered.
    this.#authenticator = new PasswordAuthenticator(users, { proofLifetime: 0, concurrency: 1 });
  }

  /**
   * Who logs in: asked again with each request, as roles may change. Rejects with {@link HttpError} 401, whatever is
   * wrong, or 429 for an address that is shut out.
   */
  async check(
    { name, password, code }: v.InferOutput<typeof userLogin>,
    { address, signal }: { readonly address: string; readonly signal: AbortSignal },
  ): Promise<() => Caller | undefined> {
    const { users, onFailed } = this.#options;
    const turn = this.#gate.isBanned(address) ? undefined : await this.#gate.enter({ address, name, signal });
    if (!turn) throw this.#shutOut(address);
    let isRight = false;
    try {
      const { ok } = await this.#authenticator.authenticate({ name, password, address, secure: true, signal });
      isRight = ok && await this.#isRightCode(name, code);
    } catch (error) {
      turn.abandon();
      throw error;
    }
    if (isRight) {
      turn.succeeded();
      return () => users.callerOf(name);
    }
    onFailed(name, address);
    await delay(turn.failed());
    throw new HttpError(401, "Wrong name, password or code");
  }

  /** With the time after which trying again may help: the rest of the ban, in whole seconds (RFC 9110 10.2.3). */
  #shutOut(address: string): HttpError {
    const key = addressKey(address);
    const until = this.#options.bans.list().find((ban) => ban.key === key)?.until;
    const seconds = until === undefined ? SOON : Math.max(1, Math.ceil((until - Date.now()) / 1000));
    return new HttpError(429, "Too many failed logins: try again later", { "retry-after": String(seconds) });
  }

  async #isRightCode(name: string, code: string | undefined): Promise<boolean> {
    const { users, now = Date.now } = this.#options;
    const secret = users.secretOf(name);
    if (secret === undefined) return true;
    if (code === undefined) return false;
    const { Secret, TOTP } = await import("otpauth");
    const totp = new TOTP({ secret: Secret.fromBase32(secret), period: PERIOD });
    const timestamp = now();
    const drift = totp.validate({ token: code, window: 1, timestamp });
    if (drift === null) return false;
    const step = Math.floor(timestamp / 1000 / PERIOD) + drift;
    if (step <= (this.#spent.get(name) ?? -Infinity)) return false;
    this.#spent.set(name, step);
    return true;
  }
}
