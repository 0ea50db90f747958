/**
 * `denoftpd copy`.
 *
 * @module
 */

import { copyFile } from "../../../agent/job/copy.ts";
import { makeDirectories } from "../../../agent/job/directories.ts";
import { expand } from "../../../agent/job/expand.ts";
import { part } from "../../../agent/job/job.ts";
import { joinRemote, remoteName } from "../../../agent/job/paths.ts";
import { settle } from "../../../agent/job/settle.ts";
import { scanRemote } from "../../../agent/job/tree.ts";
import { pathFilter, reasonAgainst } from "../../../agent/mirror/filters.ts";
import { ClientError } from "../../../client/errors.ts";
import { UsageError } from "../../usage_error.ts";
import type { AgentContext } from "../context.ts";
import { readFilters } from "../filters.ts";

/** Copies files, or with `--recursive` the contents of a directory, from one server to another. */
export async function copy(context: AgentContext): Promise<number> {
  const [source, target] = [context.url(context.given.rest[0]), context.url(context.given.rest[1])];
  const job = context.job(await context.crew(source));
  const other = await context.crew(target, "target");
  const isDirect = context.given.isOn("fxp");
  if (isDirect && [source, target].some((url) => context.isProxied(url))) {
    throw new UsageError('Flag "--fxp" is not possible through a proxy: it hides the addresses of the servers');
  }
  if (context.given.isOn("recursive")) {
    const filters = readFilters(context.given);
    const { entries, problems } = await scanRemote(job.crew, source.path, { isWanted: await pathFilter(filters) });
    const there = { ...job, crew: other };
    if (target.path !== "") await makeDirectories(there, target.path);
    const wanted = [...entries.values()];
    for (const { path } of wanted.filter(({ kind }) => kind === "directory")) {
      await part(there, path, () => makeDirectories(there, joinRemote(target.path, path)));
    }
    await settle(
      wanted.filter(({ kind }) => kind !== "directory").map(async (entry) => {
        const reason = entry.kind === "file" ? reasonAgainst(entry, filters) : "a link, or no file";
        const path = joinRemote(source.path, entry.path);
        if (reason !== undefined) job.report.emit({ event: "skipped", path, reason });
        else {
          const place = joinRemote(target.path, entry.path);
          await copyFile(job, other, { path, target: place, size: entry.size, isDirect });
        }
      }),
    );
    for (const message of problems) job.report.emit({ event: "failed", path: source.path, message, status: 1 });
    return context.finish();
  }
  await part(job, source.path, async () => {
    const found = await expand(job.crew, source);
    if (found.length === 0) {
      const reply = "Nothing matches";
      throw new ClientError("reply", `${reply} "${source.path}"`, { verb: "LIST", code: 550, reply });
    }
    const isDirectory = target.isDirectory || found.length > 1;
    await settle(found.map(({ path, entry }) =>
      copyFile(job, other, {
        path,
        target: isDirectory ? joinRemote(target.path, remoteName(path)) : target.path,
        size: entry?.size,
        isDirect,
      })
    ));
  });
  return context.finish();
}
