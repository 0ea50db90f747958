/**
 * The results as a table, for the terminal and, with the marks of Markdown, for the docs.
 *
 * @module
 */

import { formatNumber, LIMIT, median, type Results, type Row, spread, standing } from "./results.ts";

/** Lines of a Markdown table, in columns as wide as their content; readable as it is. */
export function formatTable({ rows, servers }: Pick<Results, "rows" | "servers">, variants: readonly string[]): string {
  const peers = servers.filter((name) => !variants.includes(name));
  const ours = variants.filter((name) => servers.includes(name));
  const ratios = ours.map((name, index) => index === 0 ? "ratio" : `ratio of ${name}`);
  const header = ["row", "unit", ...ours, ...peers, LIMIT, "best peer", ...ratios, "CPU s: ours / best peer"];
  const body = rows.map((row) => cells(row, ours, peers));
  return inColumns([header, ...body]);
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
function inColumns(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  const format = (texts: readonly string[]) =>
    `| ${texts.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const [header = [], ...body] = lines;
  return [format(header), format(widths.map((width) => "-".repeat(width))), ...body.map(format)].join("\n");
}

function cells(row: Row, ours: readonly string[], peers: readonly string[]): string[] {
  const places = ours.map((name) => standing(row, name, ours));
  const best = places.find((place) => place !== undefined)?.best;
  const cpu = (name: string) => formatNumber(median(row.cpu[name] ?? []));
  return [
    row.title,
    row.unit,
    ...[...ours, ...peers, LIMIT].map((name) => cell(row, name)),
    best ?? "-",
    ...places.map((place) => place ? formatNumber(place.ratio) : "-"),
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
