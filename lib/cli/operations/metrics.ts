/**
 * `--metrics`: from the settings to a listener that shows what the server counts, and whether it is ready.
 *
 * @module
 */

import type { WatchedAccounts } from "../../auth/place.ts";
import { commandTable } from "../../commands/table.ts";
import type { EventStream } from "../../events.ts";
import { AccountCounts } from "../../metrics/account_counts.ts";
import type { Family } from "../../metrics/exposition.ts";
import { type MetricsListener, serveMetrics } from "../../metrics/listener.ts";
import { meterOf, ServerMetrics } from "../../metrics/metrics.ts";
import { gauge } from "../../metrics/server_families.ts";
import { bracketed } from "../../net/ip.ts";
import { messageOf } from "../../net/message_of.ts";
import type { ClusterHealth } from "../cluster/telemetry.ts";
import type { Meter } from "../../options/meter.ts";
import type { ServerControl } from "../../server/control.ts";
import type { CertificateSource } from "../../tls/certificates.ts";
import { VERSION } from "../../version.ts";
import type { LetterCounts } from "../../webhooks/queue.ts";
import type { Settings } from "../settings/table.ts";
import { ObjectStores } from "../storage/object_stores.ts";
import { CommandRefused } from "../usage_error.ts";

const VERBS = commandTable.commands.map(({ verb }) => verb);

/** A meter that counts. Disposing it ends its timer. */
export interface RunningMeter extends Disposable {
  readonly meter: Meter;
}

/** The meter of the event loop with this number. Without `memory` there is none. */
export function startMeter(
  settings: Settings,
  { memory, loop }: { readonly memory: SharedArrayBuffer | undefined; readonly loop: number },
): RunningMeter | undefined {
  if (!memory) return undefined;
  const { passivePorts } = settings;
  const meter = meterOf(memory, VERBS, loop);
  ObjectStores.of(settings).measure((done) => meter.storageAnswered(done));
  const beat = meter.beat({ ...(passivePorts && { passiveTaken: () => passivePorts.taken }) });
  return { meter, [Symbol.dispose]: () => beat[Symbol.dispose]() };
}

/** What there is to watch of a server. */
export interface Watched {
  readonly server: { readonly events: EventStream };
  readonly control: Pick<ServerControl, "bans">;
  /** `undefined` without TLS. */
  readonly certificates: CertificateSource | undefined;
  /** `undefined` where they are kept nowhere. */
  readonly accounts: Pick<WatchedAccounts, "trouble"> | undefined;
  /** `undefined` without `--cluster`. */
  readonly cluster: ClusterHealth | undefined;
  /** `undefined` without webhooks. */
  readonly webhooks: { readonly counts: () => readonly LetterCounts[] } | undefined;
}

/** What it is made of. */
export interface TelemetryParts {
  /** Where it listens. */
  readonly place: NonNullable<Settings["metrics"]>;
  /** The number of event loops. */
  readonly loops: number;
  readonly events: EventStream;
}

/** The listener, and what it shows. */
export class Telemetry implements AsyncDisposable {
  readonly metrics: ServerMetrics;
  readonly #settings: Settings;
  readonly #events: EventStream;
  readonly #running: RunningMeter | undefined;
  readonly #listener: MetricsListener;
  readonly #accountCounts: AccountCounts | undefined;
  #status: "starting" | "draining" | undefined = "starting";
  /** `undefined` until there is a server. */
  #control: Watched["control"] | undefined;
  #certificates: CertificateSource | undefined;
  #accounts: Watched["accounts"];
  #cluster: ClusterHealth | undefined;
  #webhooks: Watched["webhooks"];

  private constructor(settings: Settings, { place, loops, events }: TelemetryParts) {
    this.#settings = settings;
    this.#events = events;
    this.metrics = new ServerMetrics({ verbs: VERBS, loops });
    this.#accountCounts = settings.metricsAccounts ? new AccountCounts() : undefined;
    // Workers make their own.
    this.#running = startMeter(settings, { memory: loops === 1 ? this.metrics.memory : undefined, loop: 0 });
    this.#listener = serveMetrics(place, {
      families: () => this.#families(),
      alive: () => this.metrics.alive,
      unready: () =>
        this.#status ?? this.#cluster?.unready ?? (this.metrics.accepts ? undefined : "out of file descriptors"),
      amiss: () => this.#cluster?.degraded ?? this.#accounts?.trouble,
    });
  }

  /**
   * Listens at once, so that probes are answered while the server starts.
   *
   * @throws {CommandRefused} if it cannot listen.
   */
  static open(settings: Settings, parts: TelemetryParts): Telemetry {
    try {
      return new Telemetry(settings, parts);
    } catch (error) {
      const { hostname, port } = parts.place;
      const reason = error instanceof Deno.errors.AddrInUse ? "the port is in use" : messageOf(error);
      throw new CommandRefused(`Cannot listen for metrics on ${bracketed(hostname)}:${port}: ${reason}`);
    }
  }

  /** Of the only event loop; `undefined` with workers. */
  get meter(): Meter | undefined {
    return this.#running?.meter;
  }

  /** Begins to ask about what the counters do not have: bans, certificates, accounts, the cluster and webhooks. */
  watch({ server, control, certificates, accounts, cluster, webhooks }: Watched): void {
    this.#webhooks = webhooks;
    this.#control = control;
    this.#certificates = certificates;
    this.#accounts = accounts;
    this.#cluster = cluster;
    this.#accountCounts?.listen(server.events);
  }

  /** The server takes sessions from now on. */
  ready(): void {
    this.#status = undefined;
    const { hostname, port } = this.#listener.address;
    const message = `Metrics are at http://${bracketed(hostname)}:${port}/metrics`;
    this.#events.emit({ type: "notice", level: "info", message });
  }

  /** Says that it takes none any more, and gives balancers the time to hear it: until `hurry` at most. */
  async drain(hurry: Promise<void>): Promise<void> {
    this.#status = "draining";
    const { drainDelay } = this.#settings;
    if (drainDelay === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, drainDelay);
    await Promise.race([promise, hurry]);
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#running?.[Symbol.dispose]();
    await this.#listener[Symbol.asyncDispose]();
  }

  async #families(): Promise<readonly Family[]> {
    const own = this.metrics.families({
      version: VERSION,
      passivePorts: this.#settings.passivePorts?.size,
      certificates: () => this.#certificates?.pairs ?? [],
      // Known to this event loop: no worker is asked.
      bans: (await this.#control?.bans())?.length ?? 0,
    });
    return [
      ...own,
      ...this.#accountCounts?.families() ?? [],
      ...this.#cluster?.families() ?? [],
      ...this.#webhooks ? [webhookFamily(this.#webhooks.counts())] : [],
    ];
  }
}

/** Of all services together: their URLs may be secret. */
function webhookFamily(counts: readonly LetterCounts[]): Family {
  const sum = (state: "waiting" | "dead") => counts.reduce((sum, each) => sum + each[state], 0);
  const samples = (["waiting", "dead"] as const).map((state) => ({ labels: { state }, value: sum(state) }));
  return gauge("denoftpd_webhook_events", "Events that services have not taken.", samples);
}
