/**
 * The results as a table, for the terminal and, with the marks of Markdown, for the docs.
 *
 * @module
 */

import { formatNumber, LIMIT, median, ratioOf, type Results, type Row, spread, standing } from "./results.ts";

/** Which servers are what in a table; all others are peers. */
export interface TableRoles {
  /** Ours, the first of which is the reference. */
  readonly ours: readonly string[];
  /** For each of ours the least there can be of its kind. */
  readonly floors?: Readonly<Record<string, string>>;
  /** Neither. */
  readonly others?: readonly string[];
}

/** Lines of a Markdown table, in columns as wide as their content; readable as it is. */
export function formatTable(
  { rows, servers }: Pick<Results, "rows" | "servers">,
  { ours: variants, floors: floorOf = {}, others = [] }: TableRoles,
): string {
  const there = (name: string) => servers.includes(name);
  const ours = variants.filter(there);
  const floors = [...new Set(Object.values(floorOf))].filter(there);
  const noPeers = [...variants, ...others, ...floors];
  const peers = servers.filter((name) => !noPeers.includes(name));
  const header = [
    ...["row", "unit", ...ours, ...peers, ...others.filter(there), ...floors, LIMIT, "best peer"],
    ...ours.map((name, index) => index === 0 ? "ratio" : `ratio of ${name}`),
    ...floors.length > 0 ? ["of the floor"] : [],
    "CPU s: ours / best peer",
  ];
  const columns = {
    ours,
    shown: [...ours, ...peers, ...others.filter(there), ...floors, LIMIT],
    floorOf: floors.length > 0 ? floorOf : undefined,
    noPeers,
  };
  return inColumns([header, ...rows.map((row) => cells(row, columns))]);
}

/** What a row may cost more than before until it is called slower, if it is also more than the spread. */
const TOLERANCE = 0.03;

/**
 * What each row costs in processor time against another checkout: the same work in the same rounds, so that the medians
 * compare. A row is called slower where it takes more than 3 % **and** more than the spread of the rounds above
 * `before`.
 */
export function formatComparison({ rows }: Pick<Results, "rows">, now: string, before: string): string {
  const header = ["row", `CPU s: ${now}`, `CPU s: ${before}`, "change", "spread", "verdict"];
  const costs = new Map(rows.map((row) => [row.id.replace(/\.[^.]*$/, ""), row]));
  const body = Array.from(costs, ([trial, { cpu }]) => {
    const [own = [], other = []] = [cpu[now], cpu[before]];
    const change = median(own) / median(other) - 1;
    const noise = Math.max(spread(own), spread(other));
    const verdict = change > TOLERANCE && change > noise
      ? "slower"
      : change < -TOLERANCE && -change > noise
      ? "faster"
      : "level";
    return [trial, formatNumber(median(own)), formatNumber(median(other)), percent(change), percent(noise), verdict];
  });
  return inColumns([header, ...body]);
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(1)} %` : "-";
}

/** The lines of a Markdown table; the first is its heading. */
export function inColumns(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  const format = (texts: readonly string[]) =>
    `| ${texts.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [header = [], ...body] = lines;
  return [format(header), format(widths.map((width) => "-".repeat(width))), ...body.map(format)].join("\n");
}

/** The names behind the columns. */
interface Columns {
  readonly ours: readonly string[];
  /** Those with a cell of their own. */
  readonly shown: readonly string[];
  /** Where a column tells. */
  readonly floorOf: Readonly<Record<string, string>> | undefined;
  readonly noPeers: readonly string[];
}

function cells(row: Row, { ours, shown, floorOf, noPeers }: Columns): string[] {
  const places = ours.map((name) => standing(row, name, noPeers));
  const best = places.find((place) => place !== undefined)?.best;
  const cpu = (name: string) => formatNumber(median(row.cpu[name] ?? []));
  return [
    row.title,
    row.unit,
    ...shown.map((name) => cell(row, name)),
    best ?? "-",
    ...places.map((place) => place ? formatNumber(place.ratio) : "-"),
    ...floorOf ? [ours.map((name) => formatNumber(ratioOf(row, name, floorOf[name] ?? "") ?? NaN)).join(" / ")] : [],
    best === undefined ? "-" : [...ours, best].map(cpu).join(" / "),
  ];
}

/** Median, and the spread where it says something. */
function cell({ samples }: Row, server: string): string {
  const own = samples[server];
  if (!own) return "-";
  const share = own.length > 1 ? ` ±${(spread(own) * 100).toFixed(0)}%` : "";
  return `${formatNumber(median(own))}${share}`;
}
