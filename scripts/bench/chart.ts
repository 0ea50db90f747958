/**
 * The results as one picture: for every row, ours as a multiple of the best peer, and a line in it for another variant
 * of ours.
 *
 * @module
 */

import { formatNumber, type Results, standing } from "./results.ts";

const WIDTH = 960;
const LINE = 24;
/** Height of a row's bar, and of the one that is drawn into it for the other variant. */
const BAR = LINE - 8;
const INNER_BAR = 4;
const LABELS = 400;
const TOP = 56;
/**
 * The scale is logarithmic, from a tenth to ten times the best peer, so that twice as good and half as good look alike.
 */
const DECADES = 1;
const AHEAD = "#2f7d4f";
const BEHIND = "#b4552d";
const THIN = "#222222";

/** An SVG picture, readable on light and dark ground. */
export function drawChart({ rows }: Pick<Results, "rows">, variants: readonly [string, string, ...string[]]): string {
  const [ours, variant] = variants;
  const bars = rows.flatMap((row) => {
    const place = standing(row, ours, variants);
    return place ? [{ title: row.title, ...place, variant: standing(row, variant, variants)?.ratio }] : [];
  });
  const height = TOP + bars.length * LINE + 16;
  const middle = LABELS + (WIDTH - LABELS - 60) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="12" y="22" font-size="16" font-weight="bold">${ours} against the best peer of each row</text>`,
    `<text x="12" y="42" fill="#555555">Logarithmic; to the right of the line ${ours} is ahead. Thin: ${variant}.</text>`,
    ...bars.map((bar, index) => drawBar(bar, TOP + index * LINE, middle)),
    `<line x1="${middle}" y1="${TOP - 6}" x2="${middle}" y2="${height - 12}" stroke="#222222"/>`,
    `</svg>\n`,
  ].join("\n");
}

interface Bar {
  readonly title: string;
  readonly best: string;
  readonly ratio: number;
  /** Of the other variant, where it was measured. */
  readonly variant: number | undefined;
}

function drawBar({ title, best, ratio, variant }: Bar, y: number, middle: number): string {
  const ahead = ratio >= 1;
  const text = `${[ratio, ...variant === undefined ? [] : [variant]].map(formatNumber).join(" / ")} × ${best}`;
  const label = ahead
    ? `<text x="${(middle - 6).toFixed(1)}" y="${y + 15}" text-anchor="end" fill="#555555">${escape(text)}</text>`
    : `<text x="${(middle + 6).toFixed(1)}" y="${y + 15}" fill="#555555">${escape(text)}</text>`;
  const inner = variant === undefined
    ? ""
    : drawLength(variant, { y: y + 3 + (BAR - INNER_BAR) / 2, height: INNER_BAR, middle, fill: THIN });
  return `<text x="12" y="${y + 15}">${escape(title)}</text>` +
    `${drawLength(ratio, { y: y + 3, height: BAR, middle, fill: ahead ? AHEAD : BEHIND })}${inner}${label}`;
}

/** How a bar looks. */
interface Look {
  readonly y: number;
  readonly height: number;
  /** Where 1 is. */
  readonly middle: number;
  readonly fill: string;
}

function drawLength(ratio: number, { y, height, middle, fill }: Look): string {
  const length = Math.max(-1, Math.min(1, Math.log10(ratio) / DECADES)) * (WIDTH - 60 - middle);
  return `<rect x="${Math.min(middle, middle + length).toFixed(1)}" y="${y}" width="${Math.abs(length).toFixed(1)}" ` +
    `height="${height}" fill="${fill}"/>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
