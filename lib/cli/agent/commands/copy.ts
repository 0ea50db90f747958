/**
 * `denoftpd copy`.
 *
 * @module
 */

import { copyFile } from "../../../agent/job/copy.ts";
import { expand } from "../../../agent/job/expand.ts";
import { part } from "../../../agent/job/job.ts";
import { joinRemote, remoteName } from "../../../agent/job/paths.ts";
import { settle } from "../../../agent/job/settle.ts";
import { copyTree } from "../../../agent/mirror/copy_tree.ts";
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
    await copyTree(job, other, { source: source.path, target: target.path, isDirect, ...readFilters(context.given) });
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
