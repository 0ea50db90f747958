/**
 * Reports how many lines of `lib` the tests run, and fails below {@link LEAST_PERCENT}. Its argument is a report in the
 * format of lcov; `deno task coverage` makes one.
 *
 *     deno run --allow-read scripts/coverage.ts coverage/lcov.info
 *
 * @module
 */

import { relative } from "@std/path";

/** Lines of a hundred that tests have to run. */
const LEAST_PERCENT = 90;
/** Files of the report that are named. */
const NAMED = 15;

/** Lines of one file. */
export interface FileCoverage {
  /** Below the directory of the project. */
  readonly path: string;
  readonly lines: number;
  readonly covered: number;
}

/** The files below `lib` in an lcov report: a line counts as run if any record of its file says so. */
export function readLcov(text: string, root: string): FileCoverage[] {
  const files = new Map<string, Map<number, boolean>>();
  let lines = new Map<number, boolean>();
  for (const record of text.split("\n")) {
    const [, kind, value = ""] = /^(SF|DA):(.*)$/.exec(record) ?? [];
    if (kind === "SF") {
      const path = relative(root, value);
      lines = files.get(path) ?? new Map();
      files.set(path, lines);
    } else if (kind === "DA") {
      const [line = 0, count = 0] = value.split(",").map(Number);
      lines.set(line, (lines.get(line) ?? false) || count > 0);
    }
  }
  return [...files].filter(([path]) => path.startsWith("lib/")).map(([path, lines]) => ({
    path,
    lines: lines.size,
    covered: [...lines.values()].filter((isCovered) => isCovered).length,
  }));
}

/** The share of covered lines in percent, of all files together; 100 if there are no lines. */
export function percentOf(files: readonly FileCoverage[]): number {
  const sum = (count: (file: FileCoverage) => number) => files.reduce((total, file) => total + count(file), 0);
  const lines = sum((file) => file.lines);
  return lines === 0 ? 100 : 100 * sum(({ covered }) => covered) / lines;
}

/** The report for people: files with the most lines that no test runs, folders, and the whole. */
export function describe(files: readonly FileCoverage[]): string {
  const folders = Map.groupBy(files, ({ path }) => path.split("/").slice(0, 2).join("/"));
  const missing = ({ lines, covered }: FileCoverage) => lines - covered;
  const rows = [...folders].map(([folder, files]) => [folder, percentOf(files)] as const).sort(([, a], [, b]) => a - b);
  return [
    "Lines that no test runs, by file:",
    ...files.toSorted((a, b) => missing(b) - missing(a)).slice(0, NAMED)
      .map((file) => `  ${String(missing(file)).padStart(4)} of ${String(file.lines).padStart(4)}  ${file.path}`),
    "Covered lines in percent, by folder:",
    ...rows.map(([folder, percent]) => `  ${percent.toFixed(1).padStart(5)}  ${folder}`),
    `${percentOf(files).toFixed(1)} % of the lines of lib are run by tests, at least ${LEAST_PERCENT} % are wanted`,
  ].join("\n");
}

if (import.meta.main) {
  const files = readLcov(await Deno.readTextFile(Deno.args[0] ?? "coverage/lcov.info"), Deno.cwd());
  if (files.length === 0) throw new Error("The report has no file of lib");
  Deno.stdout.writeSync(new TextEncoder().encode(`${describe(files)}\n`));
  Deno.exitCode = percentOf(files) >= LEAST_PERCENT ? 0 : 1;
}
