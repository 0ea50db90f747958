/**
 * `docs/architecture.svg`: the parts of the source as floors, drawn from the import law, so that the picture cannot
 * drift from what is checked.
 *
 * @module
 */

import { LAW, type Part } from "./check_imports.ts";

const WIDTH = 1040;
const TOP = 64;
const FLOOR = 92;
const BOX = 40;
const MARGIN = 24;
const LARGEST_BOX = 150;

/** A part in its place. */
interface Box {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** An SVG picture, readable on light and dark ground: each part stands above everything that it may import. */
export function drawFloors(law: Readonly<Record<string, Part>> = LAW): string {
  const floors = floorsOf(law);
  const boxes = new Map(floors.flatMap((names, index) => placeFloor(names, TOP + index * FLOOR)));
  const height = TOP + floors.length * FLOOR;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="${MARGIN}" y="26" font-size="16" font-weight="bold">Who may import whom</text>`,
    `<text x="${MARGIN}" y="46" fill="#555555">Each part stands above all that it may import; lines that a longer way implies are left out.</text>`,
    ...linesOf(law).flatMap(([from, to]) => drawLine(boxes.get(from), boxes.get(to))),
    ...boxes.values().map(drawBox),
    `</svg>\n`,
  ].join("\n");
}

/** From the top down: a part is one floor above the highest that it imports. */
function floorsOf(law: Readonly<Record<string, Part>>): string[][] {
  const heights = new Map<string, number>();
  const heightOf = (name: string): number => {
    const known = heights.get(name);
    if (known !== undefined) return known;
    const below = importsOf(law, name).map(heightOf);
    const height = below.length === 0 ? 0 : Math.max(...below) + 1;
    heights.set(name, height);
    return height;
  };
  const floors: string[][] = [];
  for (const name of Object.keys(law)) (floors[heightOf(name)] ??= []).push(name);
  return floors.toReversed();
}

/** A folder in another may be imported wherever the law says so by name; types count as well. */
function importsOf(law: Readonly<Record<string, Part>>, name: string): readonly string[] {
  const part = law[name];
  return part === undefined ? [] : [...part.imports, ...part.types ?? []].filter((other) => other in law);
}

/** Pairs of the law without those that follow from two others. */
function linesOf(law: Readonly<Record<string, Part>>): (readonly [from: string, to: string])[] {
  const reach = new Map<string, Set<string>>();
  const reachOf = (name: string): Set<string> => {
    let all = reach.get(name);
    if (all === undefined) {
      all = new Set(importsOf(law, name).flatMap((other) => [other, ...reachOf(other)]));
      reach.set(name, all);
    }
    return all;
  };
  return Object.keys(law).flatMap((from) => {
    const direct = importsOf(law, from);
    const implied = new Set(direct.flatMap((other) => [...reachOf(other)]));
    return direct.filter((to) => !implied.has(to)).map((to) => [from, to] as const);
  });
}

function placeFloor(names: readonly string[], y: number): [string, Box][] {
  const room = (WIDTH - MARGIN) / names.length;
  const width = Math.min(LARGEST_BOX, room - MARGIN);
  const left = (WIDTH - names.length * (width + MARGIN) + MARGIN) / 2;
  return names.map((name, index) => [name, { name, x: left + index * (width + MARGIN), y, width }]);
}

function drawBox({ name, x, y, width }: Box): string {
  return `<rect x="${round(x)}" y="${y}" width="${
    round(width)
  }" height="${BOX}" rx="6" fill="#e4edf5" stroke="#33506b"/>` +
    `<text x="${round(x + width / 2)}" y="${y + BOX / 2 + 5}" text-anchor="middle" fill="#1b2b3a">${name}</text>`;
}

function drawLine(from: Box | undefined, to: Box | undefined): string[] {
  if (from === undefined || to === undefined) return [];
  const [x1, y1, x2, y2] = [from.x + from.width / 2, from.y + BOX, to.x + to.width / 2, to.y];
  const middle = (y1 + y2) / 2;
  return [
    `<path d="M${round(x1)} ${y1} C${round(x1)} ${middle} ${round(x2)} ${middle} ${
      round(x2)
    } ${y2}" fill="none" stroke="#8aa0b4"/>`,
  ];
}

function round(number: number): string {
  return String(Math.round(number * 10) / 10);
}
