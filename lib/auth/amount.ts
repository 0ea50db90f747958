/**
 * Amounts of bytes in human-readable form.
 *
 * @module
 */

// As in GNU coreutils: "K" and "KiB" are 1024, "kB" is 1000; case does not matter.
const UNITS: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["b", 1],
  ...["k", "m", "g", "t"].flatMap((prefix, index): [string, number][] => [
    [prefix, 1024 ** (index + 1)],
    [`${prefix}ib`, 1024 ** (index + 1)],
    [`${prefix}b`, 1000 ** (index + 1)],
  ]),
]);

/**
 * The bytes in `10 MiB`, `500kB`, `1.5G` or `1 MiB/s`, rounded down; `undefined` if `text` is not an amount or not a
 * safe integer.
 */
export function parseAmount(text: string): number | undefined {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?) ?([a-z]{0,3})(?:\/s)?$/i.exec(text.trim()) ?? [];
  const factor = UNITS.get(unit.toLowerCase());
  if (number === undefined || factor === undefined) return undefined;
  const bytes = Math.floor(Number(number) * factor);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** The shortest text that {@link parseAmount} reads back as exactly `bytes`. */
export function formatAmount(bytes: number): string {
  const [unit, factor] = ["TiB", "GiB", "MiB", "KiB"]
    .map((unit, index): [string, number] => [unit, 1024 ** (4 - index)])
    .find(([, factor]) => bytes >= factor && bytes % factor === 0) ?? ["B", 1];
  return `${bytes / factor} ${unit}`;
}
