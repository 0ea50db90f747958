/**
 * The metrics of a server with one event loop or several.
 *
 * @module
 */

import type { Meter } from "../options/meter.ts";
import type { Family } from "./exposition.ts";
import { type Layout, makeLayout } from "./layout.ts";
import { processFamilies } from "./process_families.ts";
import { gauge, lagFamily, passiveFamily, serverFamilies } from "./server_families.ts";
import { SlotMeter } from "./slot_meter.ts";

/** Milliseconds without a turn after which an event loop is stuck. */
const STUCK = 5_000;

/** A certificate that is in use. */
export interface MeteredCertificate {
  readonly names: readonly string[];
  /** The end of its validity. */
  readonly notAfter: Date;
}

/** What is asked for at each scrape. */
export interface MetricsSources {
  /** Of the program. */
  readonly version: string;
  /** Ports that passive data connections may have; `undefined`: any. */
  readonly passivePorts: number | undefined;
  /** Those in use. */
  readonly certificates: () => readonly MeteredCertificate[];
  /** Addresses that are shut out now. */
  readonly bans: number;
}

/** The numbers of all event loops. */
export class ServerMetrics {
  /** Can be sent to other threads, for {@link meterOf} there. */
  readonly memory: SharedArrayBuffer;
  readonly #layout: Layout;
  readonly #rows: readonly Float64Array[];

  /** All numbers are 0. @param verbs those that the server knows. */
  constructor({ verbs, loops }: { readonly verbs: readonly string[]; readonly loops: number }) {
    this.#layout = makeLayout(verbs);
    const bytes = this.#layout.size * Float64Array.BYTES_PER_ELEMENT;
    this.memory = new SharedArrayBuffer(bytes * loops);
    this.#rows = Array.from({ length: loops }, (_, index) => rowOf(this.memory, this.#layout, index));
  }

  /** The event loop with this number has died: what was open there is no more. */
  lost(loop: number): void {
    const row = this.#rows[loop];
    for (const { at, names } of this.#layout.gauges) row?.fill(0, at, at + names.length);
  }

  /** Whether every event loop that has begun turns. */
  get alive(): boolean {
    const { loop } = this.#layout;
    const oldest = Date.now() - STUCK;
    return this.#rows.every((row) => {
      const turned = row[loop.place("turned")] ?? 0;
      return turned === 0 || turned > oldest;
    });
  }

  /** Whether every event loop gets sockets for those who connect. */
  get accepts(): boolean {
    return this.#rows.every((row) => row[this.#layout.acceptFailing.at] === 0);
  }

  /** All families, as they are now. */
  families({ version, passivePorts, certificates, bans }: MetricsSources): Family[] {
    return [
      ...serverFamilies(this.#layout, this.#rows),
      passiveFamily(this.#layout, this.#rows, passivePorts),
      lagFamily(this.#layout, this.#rows),
      gauge("denoftpd_bans", "Addresses that are shut out now.", [{ value: bans }]),
      gauge(
        "denoftpd_tls_certificate_expiry_timestamp_seconds",
        "End of the validity of each certificate, in seconds since 1970.",
        certificates().map(({ names, notAfter }) => ({
          labels: { name: names[0] ?? "" },
          value: notAfter.getTime() / 1000,
        })),
      ),
      ...processFamilies(version),
    ];
  }
}

/** The meter of one event loop, from {@link ServerMetrics.memory}. */
export function meterOf(memory: SharedArrayBuffer, verbs: readonly string[], loop: number): SlotMeter & Meter {
  const layout = makeLayout(verbs);
  return new SlotMeter(layout, rowOf(memory, layout, loop));
}

function rowOf(memory: SharedArrayBuffer, { size }: Layout, loop: number): Float64Array {
  return new Float64Array(memory, loop * size * Float64Array.BYTES_PER_ELEMENT, size);
}
