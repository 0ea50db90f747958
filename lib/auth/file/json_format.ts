/**
 * Writes JSON the way a person would lay it out.
 *
 * @module
 */

import { isObject } from "./values.ts";

/** Levels that always get one line per item: the document, the list of accounts, the account. */
const OPEN_LEVELS = 3;
const LINE_WIDTH = 100;

/** How the lines are laid out. */
export interface JsonFormat {
  /** The white space of one level. */
  readonly indent: string;
}

/**
 * `value` as JSON with a final newline: one line for a small list or object deep inside, one line per item for the
 * others.
 */
export function formatJson(value: unknown, format: JsonFormat): string {
  return `${lay(value, 0, format.indent)}\n`;
}

function lay(value: unknown, level: number, indent: string): string {
  const parts = Array.isArray(value)
    ? value.map((item) => lay(item, level + 1, indent))
    : isObject(value)
    ? Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${lay(item, level + 1, indent)}`)
    : undefined;
  if (parts === undefined) return JSON.stringify(value);
  const [open, close, pad] = Array.isArray(value) ? ["[", "]", ""] : ["{", "}", " "];
  if (parts.length === 0) return open + close;
  const line = `${open}${pad}${parts.join(", ")}${pad}${close}`;
  if (level >= OPEN_LEVELS && line.length <= LINE_WIDTH && !line.includes("\n")) return line;
  const inner = indent.repeat(level + 1);
  return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${indent.repeat(level)}${close}`;
}
