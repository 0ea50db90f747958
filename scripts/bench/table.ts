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
  const widths = header.map((title, column) =>
    Math.max(...[header, ...body].map((line) => line[column]?.length ?? 0), title.length)
  );
  const line = (texts: readonly string[]) =>
    `| ${texts.map((text, column) => text.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(header), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}

function cells(row: Row, ours: readonly string[], peers: readonly string[]): string[] {
  const places = ours.map((name) => standing(row, name, ours));
  const best = places.find((place) => place !== undefined)?.best;
  const cpu = (name: string) => formatNumber(row.cpu[name] ?? NaN);
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
