/**
 * Holds the source to its sizes: lines that fit on a screen, files that know one thing, folders that can be overlooked.
 *
 *     deno run --allow-read=lib,scripts,tests scripts/check_sources.ts
 *
 * A line may be longer where it is text that a break would change: one that holds an address (`https://…`), a line of a
 * template literal, and a string or a regular expression that is alone on its line.
 *
 * @module
 */

import { join } from "@std/path";
import { foldersBelow } from "./source_tree.ts";

/** Columns of a line. */
const MOST_COLUMNS = 120;
/** Lines of a file in `lib`. */
const MOST_LINES = 300;
/** Files right in a folder of `lib`. */
const MOST_FILES = 24;

const FOLDERS = ["lib", "scripts", "tests"] as const;

/** Resolves to a line for each file, folder and line below `root` that is too large. */
export async function checkSources(root: string): Promise<string[]> {
  const problems: string[] = [];
  for await (const { folder, paths } of foldersBelow(root, FOLDERS)) {
    const isLarge = folder.startsWith("lib") && paths.length > MOST_FILES;
    if (isLarge) problems.push(`${folder}: ${paths.length} files, at most ${MOST_FILES}`);
    for (const path of paths) {
      if (path.endsWith(".ts")) problems.push(...checkFile(path, await Deno.readTextFile(join(root, path))));
    }
  }
  return problems;
}

function checkFile(path: string, source: string): string[] {
  const lines = source.split("\n");
  const count = lines.length - (source.endsWith("\n") ? 1 : 0);
  const problems: string[] = [];
  if (path.startsWith("lib/") && count > MOST_LINES) {
    problems.push(`${path}: ${count} lines, at most ${MOST_LINES}`);
  }
  let inTemplate = false;
  for (const [index, line] of lines.entries()) {
    const isText = inTemplate || line.includes("`") || line.includes("://") || /^\s*"[^"]*"[,;]?$/.test(line) ||
      /^\s*\/\^.*\/[a-z]*;$/.test(line);
    const isComment = /^\s*(?:\*|\/\*|\/\/)/.test(line);
    const columns = [...line].length;
    if (columns > MOST_COLUMNS && (isComment ? !line.includes("://") : !isText)) {
      problems.push(`${path}:${index + 1}: ${columns} columns, at most ${MOST_COLUMNS}`);
    }
    if (!isComment && line.split("`").length % 2 === 0) inTemplate = !inTemplate;
  }
  return problems;
}

if (import.meta.main) {
  const problems = await checkSources(".");
  const text = problems.length === 0 ? "Lines, files and folders keep to their sizes" : problems.join("\n");
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  Deno.exitCode = problems.length === 0 ? 0 : 1;
}
