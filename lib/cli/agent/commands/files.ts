/**
 * `denoftpd rm`, `mv`, `mkdir` and `chmod`.
 *
 * @module
 */

import { ClientError } from "../../../client/errors.ts";
import { expand } from "../../../agent/job/expand.ts";
import { type Job, part, retriesOf } from "../../../agent/job/job.ts";
import { joinRemote, remoteName } from "../../../agent/job/paths.ts";
import { scanWhole } from "../../../agent/job/tree.ts";
import { AgentError } from "../../../agent/errors.ts";
import { makeDirectories, removeTree } from "../../../agent/job/directories.ts";
import { parseFtpUrl } from "../../../agent/site/url.ts";
import type { AgentContext } from "../context.ts";
import { readMode } from "../values.ts";

/** Removes files, and directories with `--recursive`. */
export async function rm(context: AgentContext): Promise<number> {
  const isRecursive = context.given.isOn("recursive");
  for (const text of context.given.rest) {
    const url = context.url(text);
    const job = context.job(await context.crew(url));
    await part(job, url.path, async () => {
      const found = await expand(job.crew, url);
      if (found.length === 0) throw missing(url.path);
      for (const { path, entry } of found) {
        const isDirectory = entry ? entry.kind === "directory" : undefined;
        if (isDirectory && !isRecursive) {
          job.report.emit({ event: "skipped", path, reason: "a directory (remove it with --recursive)" });
        } else if (isRecursive && isDirectory !== false) await removeRecursively(context, job, path, isDirectory);
        else await removeFile(context, job, path);
      }
    });
  }
  return context.finish();
}

async function removeFile({ given }: AgentContext, job: Job, path: string): Promise<void> {
  if (given.isOn("dry-run")) job.report.emit({ event: "would", action: "delete", path, reason: "named" });
  else await part(job, path, () => deleteFile(job, path));
}

async function deleteFile({ crew, ...job }: Job, path: string): Promise<void> {
  await crew.run((client) => client.remove(path), retriesOf({ crew, ...job }, path));
  job.report.emit({ event: "done", action: "delete", path });
}

async function removeRecursively(
  context: AgentContext,
  job: Job,
  path: string,
  isDirectory: boolean | undefined,
): Promise<void> {
  if (path === "" || path === "/") {
    throw new AgentError("wrongUse", "The directory of the login is not removed: name what is in it");
  }
  if (isDirectory === undefined && await isFile(job, path)) return await removeFile(context, job, path);
  const entries = await scanWhole(job.crew, path);
  if (context.given.isOn("dry-run")) {
    for (const entry of [...entries.map((entry) => entry.path), ""]) {
      job.report.emit({ event: "would", action: "delete", path: joinRemote(path, entry), reason: `below "${path}"` });
    }
  } else await removeTree(job, path, entries);
}

async function isFile({ crew }: Job, path: string): Promise<boolean> {
  return await crew.run(async (client) => {
    if (client.features.has("MLST")) return (await client.entry(path)).kind !== "directory";
    return await client.size(path).then(() => true, () => false);
  });
}

/** Renames or moves. */
export async function mv(context: AgentContext): Promise<number> {
  const [text, to = ""] = context.given.rest;
  const url = context.url(text);
  const job = context.job(await context.crew(url));
  // Written as in the URL, so that both have the same meaning.
  const { path, isDirectory } = parseFtpUrl(`ftp://host/${to}`);
  const target = isDirectory ? joinRemote(path, remoteName(url.path)) : path;
  await part(job, url.path, async () => {
    await job.crew.run((client) => client.rename(url.path, target), { once: true });
    job.report.emit({ event: "done", action: "rename", path: url.path, target });
  });
  return context.finish();
}

/** Creates directories. */
export async function mkdir(context: AgentContext): Promise<number> {
  const url = context.url(context.given.rest[0]);
  const job = context.job(await context.crew(url));
  await part(job, url.path, async () => {
    if (context.given.isOn("parents")) await makeDirectories(job, url.path);
    else {
      await job.crew.run((client) => client.makeDirectory(url.path));
      job.report.emit({ event: "done", action: "mkdir", path: url.path });
    }
  });
  return context.finish();
}

/** Changes permission bits. */
export async function chmod(context: AgentContext): Promise<number> {
  const [mode = "", ...urls] = context.given.rest;
  const bits = readMode(mode);
  for (const text of urls) {
    const url = context.url(text);
    const job = context.job(await context.crew(url));
    await part(job, url.path, async () => {
      const found = await expand(job.crew, url);
      if (found.length === 0) throw missing(url.path);
      for (const { path } of found) {
        await part(job, path, async () => {
          await job.crew.run((client) => client.setMode(path, bits), retriesOf(job, path));
          job.report.emit({ event: "done", action: "chmod", path });
        });
      }
    });
  }
  return context.finish();
}

function missing(path: string): ClientError {
  const reply = "Nothing matches";
  return new ClientError("reply", `${reply} "${path}"`, { verb: "LIST", code: 550, reply });
}
