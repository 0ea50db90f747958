/**
 * What the control plane needs of the program whose server it controls.
 *
 * @module
 */

import type { Account, AccountsStore } from "../auth/accounts.ts";
import type { AccountsPlace } from "../auth/place.ts";
import type { Notice, Problem, Untimed } from "../events.ts";
import type { KeyPair } from "../tls/certificates.ts";
import type { DeadLetter, LetterCounts } from "../webhooks/queue.ts";
import type { Watched } from "./watch/samples.ts";
import type { Watch } from "./watch/watch.ts";

/** One setting, its value and where that comes from. */
export interface SettingRow {
  /** As in the configuration file. */
  readonly name: string;
  /** As text; `null` where it is not set. */
  readonly value: string | null;
  /** Such as `flag --port`, `file /etc/denoftpd.json` or `default`. */
  readonly origin: string;
}

/** The accounts of the server. */
export interface AccountsBackend {
  /** All of them, those of `--anonymous` included. */
  readonly store: AccountsStore;
  /** The file or the database that has them; `undefined` if there is none. */
  readonly place: AccountsPlace | undefined;
  /** Why they cannot be changed; `undefined` if they can. */
  readonly readOnly: () => string | undefined;
  /** Bytes in use below the root of an account, counted now if nobody has before. Rejects as its driver does. */
  readonly used: (account: Account) => Promise<number>;
  /** Takes over what is there now. */
  readonly reload: () => Promise<unknown>;
}

/** The events that wait for other systems. */
export interface WebhooksBackend {
  /** Each service, and how much there is for it. */
  readonly counts: () => readonly LetterCounts[];
  /** The newest dead letters, `most` of them, oldest first. */
  readonly dead: (most: number) => readonly DeadLetter[];
  /** Posts the dead letters of these events once more, or all of them. Returns how many. */
  readonly replay: (ids?: readonly string[]) => number;
}

/** The running server and its program: its events are those of both. */
export interface AdminBackend extends Watched {
  /** Its recent past. */
  readonly watch: Watch;
  readonly accounts: AccountsBackend;
  /** Takes what the control plane itself has to report. */
  readonly report: (event: Untimed<Problem | Notice>) => void;
  /** Every setting in effect. */
  readonly settings: () => readonly SettingRow[];
  /** The certificates in use; none without TLS. */
  readonly certificates: () => readonly KeyPair[];
  /** Returns `undefined` where no webhook is set. */
  readonly webhooks: () => WebhooksBackend | undefined;
  /** Milliseconds of a ban for which no other time is asked. */
  readonly banTime: number;
  /** Reads accounts and certificates again, and opens log files again, as SIGHUP does. */
  readonly reload: () => Promise<void>;
  /** Ends the server as SIGTERM does. */
  readonly drain: () => void;
  /** Facts that do not change. */
  readonly facts: {
    /** Milliseconds since 1970. */
    readonly since: number;
    /** Such as `127.0.0.1:2121`. */
    readonly address: string;
    readonly workers: number;
  };
}
