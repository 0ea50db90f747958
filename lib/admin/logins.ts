/**
 * Those who have logged in at the console, each with a cookie that lasts for a working day.
 *
 * @module
 */

import type { Caller } from "./caller.ts";

/** Milliseconds that a login lasts, and for which it lasts without a request. */
const LONGEST = 12 * 3_600_000;
const LONGEST_IDLE = 3_600_000;
/** Logins at the same time; the oldest are forgotten first. */
const MOST = 1_000;
/** Bytes of a cookie: nobody guesses it. */
const COOKIE_BYTES = 32;

interface Login {
  /** Who it is now: its roles may have changed, or it may be gone. */
  readonly who: () => Caller | undefined;
  readonly since: number;
  used: number;
}

/** The options of {@link Logins}. */
export interface LoginsOptions {
  /** Whether the listener is under TLS: then the cookie is sent only there. */
  readonly secure: boolean;
  /**
   * Milliseconds since 1970.
   *
   * @default Date.now
   */
  readonly now?: () => number;
}

/** The logins of one listener, in memory: a restart ends them. */
export class Logins {
  readonly #logins = new Map<string, Login>();
  readonly #secure: boolean;
  readonly #now: () => number;

  constructor({ secure, now = Date.now }: LoginsOptions) {
    this.#secure = secure;
    this.#now = now;
  }

  /** Begins a login; returns the value of `Set-Cookie`. */
  async begin(who: () => Caller | undefined): Promise<string> {
    const value = crypto.getRandomValues(new Uint8Array(COOKIE_BYTES)).toBase64({ alphabet: "base64url" });
    const now = this.#now();
    this.#logins.set(await keyOf(value), { who, since: now, used: now });
    const [oldest] = this.#logins.size > MOST ? this.#logins.keys() : [];
    if (oldest !== undefined) this.#logins.delete(oldest);
    return this.#cookie(value, LONGEST / 1000);
  }

  /** The caller of a request with a cookie of {@link begin}; `undefined` without one, or where it is over. */
  async find(headers: Headers, address: string | undefined): Promise<Caller | undefined> {
    const key = await this.#keyIn(headers);
    const login = key === undefined ? undefined : this.#logins.get(key);
    if (key === undefined || login === undefined) return undefined;
    const now = this.#now();
    const caller = now - login.since < LONGEST && now - login.used < LONGEST_IDLE ? login.who() : undefined;
    if (caller === undefined) {
      this.#logins.delete(key);
      return undefined;
    }
    login.used = now;
    return { ...caller, address };
  }

  /** Ends the login of a request; returns the value of `Set-Cookie` that takes the cookie away. */
  async end(headers: Headers): Promise<string> {
    const key = await this.#keyIn(headers);
    if (key !== undefined) this.#logins.delete(key);
    return this.#cookie("", 0);
  }

  get #name(): string {
    // Browsers take this prefix only with Secure and Path=/, so that no other host of the domain can set it.
    return this.#secure ? "__Host-denoftpd" : "denoftpd";
  }

  #cookie(value: string, seconds: number): string {
    const secure = this.#secure ? "; Secure" : "";
    return `${this.#name}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`;
  }

  async #keyIn(headers: Headers): Promise<string | undefined> {
    const cookies = (headers.get("cookie") ?? "").split(";").map((each) => each.trim());
    const found = cookies.find((each) => each.startsWith(`${this.#name}=`));
    return found && await keyOf(found.slice(this.#name.length + 1));
  }
}

/** Only this is kept: whoever reads the memory of the process later finds no cookie. */
async function keyOf(value: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(value));
  return new Uint8Array(digest).toBase64();
}
