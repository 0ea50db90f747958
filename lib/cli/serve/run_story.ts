/**
 * The first and the last record of a server's log: what it serves with, and why it ended and what it had done by then.
 *
 * @module
 */

import type {
  EventListener,
  EventStream,
  EventWish,
  RunTotals,
  ServerEvent,
  Started,
  Stopped,
  Typed,
} from "../../events.ts";
import { bracketed } from "../../net/ip.ts";
import { errorOf } from "../../net/message_of.ts";
import { DEFAULT_TLS } from "../../options/defaults.ts";
import type { KeyPair } from "../../tls/certificates.ts";
import { daysLeft } from "../../tls/days_left.ts";
import type { Settings } from "../settings/table.ts";
import { VERSION } from "../../version.ts";

/** An address that a server listens on. */
interface Place {
  readonly hostname: string;
  readonly port: number;
}

/** What a server serves with, besides its settings. */
export interface RunFacts {
  readonly address: Place;
  readonly implicitTlsAddress: Place | undefined;
  /** `undefined` without TLS. */
  readonly certificates: readonly KeyPair[] | undefined;
  readonly accounts: number;
  readonly accountsFile: string | undefined;
  readonly workers: number;
}

/** Why a server has ended. */
export type RunEnd = Pick<Stopped, "reason" | "signal" | "error" | "stack">;

type Counts = { -readonly [Name in keyof RunTotals]: number };

/** Writes both records to a stream of events. */
export class RunStory {
  /** The types that {@link listener} counts. */
  readonly types: readonly EventWish[] = ["sessionOpened", "login", "connectionRefused", "transferWithoutDigest"];
  readonly #events: EventStream;
  readonly #counts: Counts = {
    sessions: 0,
    logins: 0,
    failedLogins: 0,
    refusedConnections: 0,
    transfers: 0,
    failedTransfers: 0,
    bytesSent: 0,
    bytesReceived: 0,
  };
  #since = performance.now();
  #state: "starting" | "serving" | "ended" = "starting";

  constructor(events: EventStream) {
    this.#events = events;
  }

  /** Counts what happens, until {@link end}. */
  get listener(): EventListener {
    return (event) => this.#count(event);
  }

  /** What it has counted so far. */
  get totals(): RunTotals {
    return { ...this.#counts };
  }

  /** The server is ready. */
  begin(facts: RunFacts, settings: Settings): void {
    this.#since = performance.now();
    this.#state = "serving";
    this.#events.emit(startOf(facts, settings));
  }

  /** The server has ended. Does nothing without {@link begin} before it. */
  end(why: RunEnd): void {
    if (this.#state === "serving") this.#end(why);
  }

  /** An error that nothing has caught is about to end the process. */
  fail(thrown: unknown): void {
    const error = errorOf(thrown);
    if (this.#state !== "ended") this.#end({ reason: "error", error, ...(error.stack && { stack: error.stack }) });
  }

  #end(why: RunEnd): void {
    this.#state = "ended";
    const milliseconds = performance.now() - this.#since;
    this.#events.emit({ type: "stopped", ...why, milliseconds, ...this.#counts });
  }

  #count(event: ServerEvent): void {
    const counts = this.#counts;
    if (event.type === "sessionOpened") counts.sessions++;
    else if (event.type === "connectionRefused") counts.refusedConnections += event.times ?? 1;
    else if (event.type === "login") counts[event.ok ? "logins" : "failedLogins"]++;
    else if (event.type === "transfer") {
      counts[event.direction === "upload" ? "bytesReceived" : "bytesSent"] += event.bytes;
      if (event.direction !== "listing") counts[event.complete ? "transfers" : "failedTransfers"]++;
    }
  }
}

function startOf(facts: RunFacts, settings: Settings): Omit<Started, "time"> & Typed<"started"> {
  const { address, implicitTlsAddress, certificates, accounts, accountsFile, workers } = facts;
  const { passivePorts } = settings;
  return {
    type: "started",
    version: VERSION,
    address: placed(address),
    ...(implicitTlsAddress && { implicitTls: placed(implicitTlsAddress) }),
    tls: certificates ? settings.tls ?? DEFAULT_TLS.login : "off",
    certificates: (certificates ?? []).map((pair) => ({ names: pair.names, daysLeft: daysLeft(pair) })),
    ...(passivePorts && { passivePorts: `${passivePorts.first}-${passivePorts.last}` }),
    accounts,
    ...(accountsFile !== undefined && { accountsFile }),
    workers,
  };
}

function placed({ hostname, port }: Place): string {
  return `${bracketed(hostname)}:${port}`;
}
