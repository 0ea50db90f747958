/**
 * Numbers by account, only for who asks for them: names are about people, and each makes series of its own.
 *
 * @module
 */

import type { EventStream, LoginTried, TransferEnded } from "../events.ts";
import type { Family } from "./exposition.ts";
import { counter } from "./server_families.ts";

/** Accounts that are counted by themselves. Each has up to seven series, which Prometheus keeps in memory. */
const MOST_ACCOUNTS = 1_000;
/** The name under which all others are counted. */
const OTHERS = "other";

/** What one account has done: by direction where there is one. */
class AccountCount {
  logins = 0;
  readonly transfers = new Map<string, number>();
  readonly bytes = new Map<string, number>();
}

/** Counts accepted logins, transfers and their bytes by account, as they end. */
export class AccountCounts {
  readonly #accounts = new Map<string, AccountCount>();
  readonly #most: number;

  /** @param most accounts that are counted by themselves: the first ones to log in. */
  constructor(most: number = MOST_ACCOUNTS) {
    this.#most = most;
  }

  /** Counts what `events` tell from now on, until the result is disposed. */
  listen(events: Pick<EventStream, "on">): Disposable {
    return events.on((event) => {
      if (event.type === "transfer") this.#transfer(event);
      else if (event.type === "login") this.#login(event);
    }, ["login", "transferWithoutDigest"]);
  }

  /** The families, as they are now; without samples before anybody has logged in. */
  families(): Family[] {
    const accounts = [...this.#accounts];
    const by = (what: "transfers" | "bytes") =>
      accounts.flatMap(([account, count]) =>
        [...count[what]].map(([direction, value]) => ({ labels: { account, direction }, value }))
      );
    return [
      counter(
        "denoftpd_account_logins",
        "Accepted logins by account.",
        accounts.map(([account, { logins }]) => ({ labels: { account }, value: logins })),
      ),
      counter("denoftpd_account_transfers", "Transfers by account that have ended.", by("transfers")),
      {
        ...counter("denoftpd_account_transfer_bytes", "Bytes of these transfers.", by("bytes")),
        unit: "bytes",
      },
    ];
  }

  /** Names that were not accepted are not counted: anybody may send any, and some send a password. */
  #login({ ok, user }: LoginTried): void {
    if (ok && user !== undefined) this.#of(user).logins++;
  }

  #transfer({ user, direction, bytes }: TransferEnded): void {
    if (user === undefined) return;
    const count = this.#of(user);
    count.transfers.set(direction, (count.transfers.get(direction) ?? 0) + 1);
    count.bytes.set(direction, (count.bytes.get(direction) ?? 0) + bytes);
  }

  #of(user: string): AccountCount {
    const name = this.#accounts.has(user) || this.#accounts.size < this.#most ? user : OTHERS;
    const count = this.#accounts.get(name) ?? new AccountCount();
    this.#accounts.set(name, count);
    return count;
  }
}
