/**
 * Metrics as text: in Prometheus's format (version 0.0.4) and in OpenMetrics 1.0.
 *
 * Our own, as prom-client's histograms count by themselves and cannot be given counts, which are here in memory that
 * event loops share.
 *
 * @module
 */

/** One number of a family. */
export interface Sample {
  /** What follows the name of the family, such as `_sum`. Default: `_total` for a counter, else nothing. */
  readonly suffix?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Numbers of one name. */
export interface Family {
  /** Without `_total`. Ends with {@link unit}, if there is one. */
  readonly name: string;
  /** One sentence, without line ends. */
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly unit?: "seconds" | "bytes";
  readonly samples: readonly Sample[];
}

/** A format: its media type, and how a list of families is written in it. */
export interface Format {
  readonly contentType: string;
  readonly write: (families: readonly Family[]) => string;
}

/** Prometheus's own format. */
export const TEXT: Format = {
  contentType: "text/plain; version=0.0.4; charset=utf-8",
  // A counter is called as its sample here.
  write: (families) => families.map((family) => writeFamily(family, family.name + suffixOf(family))).join(""),
};

/** The standard that came of it: https://openmetrics.io. */
export const OPEN_METRICS: Format = {
  contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  write: (families) => `${families.map((family) => writeFamily(family, family.name, family.unit)).join("")}# EOF\n`,
};

/** The format that a client asks for with `Accept`. */
export function formatFor(accept: string | null): Format {
  return /application\/openmetrics-text/.test(accept ?? "") ? OPEN_METRICS : TEXT;
}

function suffixOf({ type }: Family): string {
  return type === "counter" ? "_total" : "";
}

function writeFamily(family: Family, title: string, unit?: string): string {
  const { name, help, type, samples } = family;
  if (samples.length === 0) return "";
  const lines = samples.map(({ suffix = suffixOf(family), labels = {}, value }) =>
    `${name}${suffix}${writeLabels(labels)} ${numberText(value)}`
  );
  const head = [`# HELP ${title} ${help}`, `# TYPE ${title} ${type}`, ...(unit ? [`# UNIT ${title} ${unit}`] : [])];
  return `${[...head, ...lines].join("\n")}\n`;
}

function writeLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => character === "\n" ? "\\n" : `\\${character}`);
}

/** Sums of milliseconds have more digits than anybody measured. */
function numberText(value: number): string {
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(15)));
}
