/**
 * The families of a server, from its numbers. Names and labels are a contract: alert rules and dashboards have them.
 *
 * @module
 */

import type { Family, Sample } from "./exposition.ts";
import type { Block, HistogramBlock, Layout } from "./layout.ts";

/** The families that are sums over the event loops in `rows`, each an array of `layout`. */
export function serverFamilies(layout: Layout, rows: readonly Float64Array[]): Family[] {
  const values = sumOf(layout, rows);
  const one = (block: Block): Sample[] => [{ value: values[block.at] ?? 0 }];
  const by = (block: Block, ...labels: string[]) => samplesOf(values, block, labels);
  const { names } = layout.transferBytes;
  return [
    gauge("denoftpd_sessions", "Sessions now.", by(layout.sessions, "tls")),
    counter("denoftpd_sessions_opened", "Connections that became a session.", one(layout.sessionsOpened)),
    counter(
      "denoftpd_connections_refused",
      "Connections that did not become a session.",
      by(layout.refused, "reason"),
    ),
    counter("denoftpd_admission_denied", "Sessions that a limit did not admit.", admissions(layout, values)),
    counter("denoftpd_logins", "Attempts to log in.", by(layout.logins, "result")),
    counter("denoftpd_commands", "Commands that have their final reply.", by(layout.commands, "verb")),
    histogram("denoftpd_command_duration", "Time from the start of a command without transfer to its final reply.", [
      ...histogramSamples(values, layout.commandSeconds, {}),
    ]),
    // Hundreds of codes are never sent.
    counter("denoftpd_replies", "Replies.", by(layout.replies, "code").filter(({ value }) => value > 0)),
    gauge("denoftpd_transfers_active", "Transfers under way.", by(layout.transfersActive, "direction")),
    counter("denoftpd_transfers", "Transfers that have ended.", by(layout.transfers, "direction", "result")),
    {
      ...counter("denoftpd_transfer_bytes", "Bytes over data connections.", by(layout.transferBytes, "direction")),
      unit: "bytes",
    },
    histogram(
      "denoftpd_transfer_duration",
      "Time from the start of a transfer to its end.",
      layout.transferSeconds.flatMap((block, index) =>
        histogramSamples(values, block, { direction: names[index] ?? "" })
      ),
    ),
    counter("denoftpd_file_changes", "Changes of files other than by transfers.", by(layout.fileChanges, "change")),
    counter(
      "denoftpd_data_connections",
      "Data connections that were open, and protected where they had to be.",
      by(layout.dataConnections, "mode", "tls", "resumed"),
    ),
    counter("denoftpd_uploads_unclean", "Uploads under TLS without close_notify.", one(layout.uploadsUnclean)),
    ...storageFamilies(layout, values),
    counter("denoftpd_passive_exhausted", "PASV and EPSV without a free port.", one(layout.passiveExhausted)),
  ];
}

/** Requests to object stores; nothing where there is none. */
function storageFamilies({ storage, storageSeconds }: Layout, values: Float64Array): Family[] {
  const samples = samplesOf(values, storage, ["method", "result"]).filter(({ value }) => value > 0);
  if (samples.length === 0) return [];
  return [
    counter("denoftpd_storage_requests", "Requests to the object store, each attempt by itself.", samples),
    histogram("denoftpd_storage_request_duration", "Time from such a request to the beginning of its answer.", [
      ...histogramSamples(values, storageSeconds, {}),
    ]),
  ];
}

/** How late the timers of each event loop are. */
export function lagFamily({ loop }: Layout, rows: readonly Float64Array[]): Family {
  const place = loop.place("lag");
  return {
    ...gauge(
      "denoftpd_event_loop_lag_seconds",
      "Longest delay of a timer within the last 15 to 30 seconds.",
      rows.map((row, index) => ({ labels: { loop: String(index) }, value: row[place] ?? 0 })),
    ),
    unit: "seconds",
  };
}

/** Ports of the range of passive data connections; no samples without one. */
export function passiveFamily(
  { passiveTaken }: Layout,
  rows: readonly Float64Array[],
  size: number | undefined,
): Family {
  const used = rows.reduce((sum, row) => sum + (row[passiveTaken.at] ?? 0), 0);
  return gauge(
    "denoftpd_passive_ports",
    "Ports of the range for passive data connections.",
    size === undefined ? [] : [
      { labels: { state: "used" }, value: used },
      { labels: { state: "free" }, value: Math.max(0, size - used) },
    ],
  );
}

/** A family whose numbers only grow. */
export function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: "counter", samples };
}

/** A family whose numbers go up and down. */
export function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: "gauge", samples };
}

function histogram(name: string, help: string, samples: readonly Sample[]): Family {
  return { name: `${name}_seconds`, help, type: "histogram", unit: "seconds", samples };
}

function admissions({ refused, logins }: Layout, values: Float64Array): Sample[] {
  const scopes = {
    total: refused.place("sessions"),
    address: refused.place("address"),
    account: logins.place("tooManySessions"),
  };
  return Object.entries(scopes).map(([scope, place]) => ({ labels: { scope }, value: values[place] ?? 0 }));
}

function samplesOf(values: Float64Array, { at, names }: Block, labels: readonly string[]): Sample[] {
  return names.map((name, index) => ({
    labels: Object.fromEntries(name.split(" ").map((value, part) => [labels[part] ?? "", labelValue(value)])),
    value: values[at + index] ?? 0,
  }));
}

/** A transfer that is complete has the reason `none`, which reads badly as a result. */
function labelValue(value: string): string {
  return value === "none" ? "complete" : value;
}

function histogramSamples(
  values: Float64Array,
  { at, bounds }: HistogramBlock,
  labels: Readonly<Record<string, string>>,
): Sample[] {
  let count = 0;
  const buckets = [...bounds, Infinity].map((bound, index) => {
    count += values[at + index] ?? 0;
    return { suffix: "_bucket", labels: { ...labels, le: boundText(bound) }, value: count };
  });
  return [
    ...buckets,
    { suffix: "_sum", labels, value: values[at + bounds.length + 1] ?? 0 },
    { suffix: "_count", labels, value: count },
  ];
}

/** As OpenMetrics wants it: `1.0`, and `+Inf` for the last. */
function boundText(bound: number): string {
  if (bound === Infinity) return "+Inf";
  return Number.isInteger(bound) ? bound.toFixed(1) : String(bound);
}

function sumOf({ size }: Layout, rows: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(size);
  for (const row of rows) for (let place = 0; place < size; place++) sum[place]! += row[place] ?? 0;
  return sum;
}
