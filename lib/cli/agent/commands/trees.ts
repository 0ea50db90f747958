/**
 * Whole directories, for the commands that take them beside files.
 *
 * @module
 */

import { basename, join } from "@std/path";
import { localName } from "../../../client/names.ts";
import type { RemoteEntry } from "../../../client/remote_entry.ts";
import { lookAt } from "../../../agent/job/look.ts";
import { getFile, type Job, part } from "../../../agent/job/job.ts";
import { remoteName } from "../../../agent/job/paths.ts";
import { mirror } from "../../../agent/mirror/mirror.ts";
import type { FtpUrl } from "../../../agent/site/url.ts";
import type { AgentContext } from "../context.ts";
import { readFilters } from "../filters.ts";

/**
 * Fetches what is at `url`, with all that it has. A directory gets its name below `output` if that is a directory, or
 * else becomes `output`.
 */
export async function fetchTree(context: AgentContext, job: Job, url: FtpUrl, output?: string): Promise<void> {
  const { path } = url;
  await part(job, path, async () => {
    const name = path === "" || path === "/" ? "" : localName(basename(remoteName(path)));
    const isInside = output === undefined || await Deno.stat(output).then((info) => info.isDirectory, () => false);
    const target = isInside ? join(output ?? ".", name) : output;
    const entry = url.isDirectory ? undefined : await fileAt(job, path);
    if (entry) {
      const { size, modified } = entry;
      await getFile(job, { path, target, size, modified });
      return;
    }
    const onPlan = (files: number, bytes: number) => context.output.expect(files, bytes);
    await mirror(job, {
      ...{ direction: "down", remote: path, local: target, always: true, onPlan },
      ...readFilters(context.given),
    });
  });
}

/** `undefined` for a directory. */
async function fileAt({ crew }: Job, path: string): Promise<RemoteEntry | undefined> {
  const look = await crew.run((client) => lookAt(client, path, crew.signal));
  return look.kind === "entry" ? look.entry : undefined;
}

/** Stores the directory `local` as `remote`, with all that it has. */
export async function storeTree(context: AgentContext, job: Job, local: string, remote: string): Promise<boolean> {
  const onPlan = (files: number, bytes: number) => context.output.expect(files, bytes);
  return await part(job, local, () =>
    mirror(job, {
      ...{ direction: "up", remote, local, always: true, onPlan },
      ...readFilters(context.given),
    }));
}
