/**
 * `denoftpd find` and `denoftpd du`.
 *
 * @module
 */

import { counted } from "../../../net/counted.ts";
import { printable } from "../../../client/names.ts";
import { joinRemote } from "../../../agent/job/paths.ts";
import { scanRemote, type Tree, type TreeEntry } from "../../../agent/job/tree.ts";
import { pathFilter, reasonAgainst } from "../../../agent/mirror/filters.ts";
import { EXIT } from "../../../agent/exit_status.ts";
import type { AgentContext } from "../context.ts";
import { readFilters } from "../filters.ts";
import { showSize } from "../values.ts";

/** Prints the paths below a directory that match. */
export async function find(context: AgentContext): Promise<number> {
  const [text, glob] = context.given.rest;
  const url = context.url(text);
  const filters = readFilters(context.given);
  const tree = await scanRemote(await context.crew(url), url.path, { isWanted: await pathFilter(filters) });
  const matches = await pathFilter(glob === undefined ? {} : { include: [glob] });
  for (const entry of tree.entries.values()) {
    // Directories pass every filter so that what is below them is looked at; here they are results.
    if (!matches(entry.path, false) || (entry.kind === "file" && reasonAgainst(entry, filters))) continue;
    if (context.output.isJson) context.output.object(treeEntryJson(url.path, entry));
    else context.output.result(printable(joinRemote(url.path, entry.path)) + (entry.kind === "directory" ? "/" : ""));
  }
  return warnOf(context, tree);
}

/** Prints what directories hold. */
export async function du(context: AgentContext): Promise<number> {
  const url = context.url(context.given.rest[0]);
  const tree = await scanRemote(await context.crew(url), url.path);
  const sums = new Map<string, { bytes: number; files: number }>();
  for (const { path, kind, size = 0 } of tree.entries.values()) {
    const [top = "", ...below] = path.split("/");
    const owners = ["", ...(below.length > 0 || kind === "directory" ? [top] : [])];
    for (const owner of owners) {
      const sum = sums.get(owner) ?? { bytes: 0, files: 0 };
      sums.set(owner, kind === "directory" ? sum : { bytes: sum.bytes + size, files: sum.files + 1 });
    }
  }
  if (!sums.has("")) sums.set("", { bytes: 0, files: 0 });
  for (const [below, { bytes, files }] of [...sums].toSorted(([, a], [, b]) => a.bytes - b.bytes)) {
    const path = joinRemote(url.path, below);
    if (context.output.isJson) context.output.object({ path, bytes, files });
    else context.output.result(`${showSize(bytes).padStart(9)}  ${counted(files, "file")}  ${printable(path) || "."}`);
  }
  return warnOf(context, tree);
}

function treeEntryJson(root: string, { path, kind, size, modified }: TreeEntry): Record<string, unknown> {
  return {
    path: joinRemote(root, path),
    type: kind,
    ...(size !== undefined && kind === "file" && { size }),
    ...(modified !== undefined && { modified: new Date(modified).toISOString() }),
  };
}

function warnOf({ output }: AgentContext, { problems }: Tree): number {
  for (const problem of problems) output.warn(problem);
  return problems.length === 0 ? EXIT.done : EXIT.someFailed;
}
