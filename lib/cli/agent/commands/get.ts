/**
 * `denoftpd get` and `denoftpd cat`.
 *
 * @module
 */

import { basename, join } from "@std/path";
import { localName } from "../../../client/names.ts";
import { present } from "../../../net/present.ts";
import { expand, type Found } from "../../../agent/job/expand.ts";
import { getFile, type Job, part, retriesOf } from "../../../agent/job/job.ts";
import { settle } from "../../../agent/job/settle.ts";
import { remoteName } from "../../../agent/job/paths.ts";
import { AgentError } from "../../../agent/errors.ts";
import { ClientError } from "../../../client/errors.ts";
import type { FtpUrl } from "../../../agent/site/url.ts";
import { UsageError } from "../../usage_error.ts";
import type { AgentContext } from "../context.ts";
import { fetchTree } from "./trees.ts";

/** Fetches files. */
export async function get(context: AgentContext): Promise<number> {
  const output = context.given.text("output");
  if (output === "-") return await cat(context);
  const urls = context.given.rest.map((text) => context.url(text));
  const isDirectory = output !== undefined && await isLocalDirectory(output);
  const jobs: Promise<void>[] = [];
  for (const url of urls) {
    const job = context.job(await context.crew(url));
    if (context.given.isOn("recursive")) {
      jobs.push(fetchTree(context, job, url, output));
      continue;
    }
    const found = await expandOrFail(context, job, url);
    const isOne = urls.length === 1 && found.length === 1 && !isDirectory;
    if (output !== undefined && !isOne && !isDirectory) {
      if (found.length > 0) throw new UsageError(`Flag "--output" must name a directory: there are several files`);
    }
    for (const each of found) {
      jobs.push(fetchOne(job, each, (name) => isOne && output !== undefined ? output : join(output ?? ".", name)));
    }
  }
  await settle(jobs);
  return context.finish();
}

/** Writes files to standard output, one after the other. */
export async function cat(context: AgentContext): Promise<number> {
  for (const text of context.given.rest) {
    const url = context.url(text);
    const job = context.job(await context.crew(url));
    for (const found of await expandOrFail(context, job, url)) await print(context, job, found);
  }
  return context.finish();
}

async function print(context: AgentContext, job: Job, { path, entry }: Found): Promise<void> {
  const { crew, report, limiter } = job;
  let hasWritten = false;
  const sink = {
    write: async (bytes: Uint8Array) => {
      hasWritten = true;
      await context.io.write(bytes);
    },
  };
  await part(job, path, async () => {
    const bytes = await crew.run(async (client) => {
      // What was written cannot be taken back, so a second try would repeat it.
      if (hasWritten) throw new AgentError("incomplete", `"${path}" was cut off after a part was written`);
      report.emit({ event: "start", action: "get", path, size: entry?.size });
      const size = entry?.size ?? (client.isSecure ? await client.size(path).catch(() => undefined) : undefined);
      return await client.download(path, sink, present({ limiter, size, signal: crew.signal }));
    }, retriesOf(job, path));
    report.emit({ event: "transferred", action: "get", path, target: "-", bytes });
  });
}

/** What a URL means; nothing, with an event, if that cannot be found out. */
async function expandOrFail(context: AgentContext, job: Job, url: FtpUrl): Promise<Found[]> {
  if (url.isDirectory && !context.given.isOn("recursive")) {
    throw new UsageError(`"${url.path}/" is a directory: fetch it with --recursive, or with mirror`);
  }
  let found: Found[] = [];
  await part(job, url.path, async () => {
    found = await expand(job.crew, url);
    if (found.length === 0) {
      const reply = "Nothing matches";
      throw new ClientError("reply", `${reply} "${url.path}"`, { verb: "LIST", code: 550, reply });
    }
  });
  return found;
}

async function fetchOne(job: Job, { path, entry }: Found, targetFor: (name: string) => string): Promise<void> {
  if (entry?.kind === "directory") {
    job.report.emit({ event: "skipped", path, reason: "a directory (fetch it with --recursive)" });
    return;
  }
  await part(job, path, async () => {
    const target = targetFor(localName(basename(remoteName(path))));
    await getFile(job, { path, target, size: entry?.size, modified: entry?.modified });
  });
}

async function isLocalDirectory(path: string): Promise<boolean> {
  if (path.endsWith("/")) return await Deno.mkdir(path, { recursive: true }).then(() => true);
  return await Deno.stat(path).then((info) => info.isDirectory, () => false);
}
