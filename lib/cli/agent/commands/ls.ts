/**
 * `denoftpd ls`.
 *
 * @module
 */

import { printable } from "../../../client/names.ts";
import type { RemoteEntry, RemoteListing } from "../../../client/remote_entry.ts";
import { expand, isPattern } from "../../../agent/job/expand.ts";
import { lookAt } from "../../../agent/job/look.ts";
import type { Crew } from "../../../agent/job/crew.ts";
import type { FtpUrl } from "../../../agent/site/url.ts";
import type { AgentContext } from "../context.ts";

/** Lists a directory, a file, or what matches. */
export async function ls(context: AgentContext): Promise<number> {
  const url = context.url(context.given.rest[0]);
  const { entries, unreadable } = await listed(await context.crew(url), url);
  for (const line of unreadable) context.output.warn(`A line of the listing is unreadable: ${line}`);
  const sorted = entries.toSorted((a, b) => a.name < b.name ? -1 : 1);
  if (context.output.isJson) { for (const entry of sorted) context.output.object(entryJson(entry)); }
  else for (const line of columns(sorted)) context.output.result(line);
  return 0;
}

async function listed(crew: Crew, url: FtpUrl): Promise<RemoteListing> {
  if (isPattern(url.path)) {
    const found = await expand(crew, url);
    return { entries: found.flatMap(({ entry }) => entry ?? []), unreadable: [] };
  }
  const look = await crew.run((client) => lookAt(client, url.path, crew.signal));
  return look.kind === "directory" ? look.listing : { entries: [look.entry], unreadable: [] };
}

/** An entry as `--json` has it: times in ISO 8601, unknown fields left out. */
export function entryJson({ kind, modified, mode, ...entry }: RemoteEntry): Record<string, unknown> {
  return {
    name: entry.name,
    type: kind,
    ...(entry.size !== undefined && kind === "file" && { size: entry.size }),
    ...(modified !== undefined && { modified: new Date(modified).toISOString() }),
    ...(mode !== undefined && { mode: mode.toString(8).padStart(4, "0") }),
    ...(entry.owner !== undefined && { owner: entry.owner }),
    ...(entry.group !== undefined && { group: entry.group }),
    ...(entry.target !== undefined && { target: entry.target }),
    ...(entry.permissions !== undefined && { permissions: entry.permissions }),
  };
}

const MARKS: Readonly<Record<RemoteEntry["kind"], string>> = { directory: "/", link: "@", other: "?", file: "" };

/** Size, time and name in columns. */
export function columns(entries: readonly RemoteEntry[]): string[] {
  const sizes = entries.map(({ kind, size }) => kind === "file" ? String(size ?? "?") : "-");
  const width = Math.max(0, ...sizes.map((size) => size.length));
  return entries.map(({ name, kind, modified, target }, index) => {
    const time = modified === undefined ? "" : new Date(modified).toISOString().slice(0, 16).replace("T", " ");
    const link = target === undefined ? "" : ` -> ${printable(target)}`;
    return `${(sizes[index] ?? "").padStart(width)}  ${time.padEnd(16)}  ${printable(name)}${MARKS[kind]}${link}`;
  });
}
