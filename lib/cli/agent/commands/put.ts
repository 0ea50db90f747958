/**
 * `denoftpd put`.
 *
 * @module
 */

import { basename, resolve } from "@std/path";
import { present } from "../../../net/present.ts";
import { messageOf } from "../../../net/message_of.ts";
import { type Job, part, putFile } from "../../../agent/job/job.ts";
import { joinRemote } from "../../../agent/job/paths.ts";
import type { FtpUrl } from "../../../agent/site/url.ts";
import { isFtpUrl } from "../../../agent/site/url.ts";
import { UsageError } from "../../usage_error.ts";
import type { AgentContext } from "../context.ts";
import { settle } from "../../../agent/job/settle.ts";
import { storeTree } from "./trees.ts";

/** Stores files. */
export async function put(context: AgentContext): Promise<number> {
  const files = context.given.rest.slice(0, -1);
  const last = context.given.rest.at(-1) ?? "";
  if (!isFtpUrl(last)) throw new UsageError(`The last argument must be a URL such as ftp://host/dir/, not "${last}"`);
  const url = context.url(last);
  const isDirectory = url.isDirectory || files.length > 1;
  const job = context.job(await context.crew(url));
  if (files.includes("-")) {
    if (isDirectory) throw new UsageError("Standard input needs a single URL that ends with the name of the file");
    await storeInput(context, job, url);
    return context.finish();
  }
  const sources = await Promise.all(files.map((file) => inspect(context, file)));
  const jobs = sources.map(({ path, info }) => {
    const target = isDirectory ? joinRemote(url.path, basename(resolve(path))) : url.path;
    if (info.isDirectory) return storeTree(context, job, path, target);
    return putFile(job, { source: path, path: target, size: info.size, modified: info.mtime?.getTime() });
  });
  await settle(jobs);
  return context.finish();
}

/** Before anything is sent: a mistake in one name would leave half a job. */
async function inspect(context: AgentContext, path: string): Promise<{ path: string; info: Deno.FileInfo }> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (error) {
    throw new UsageError(`File "${path}" cannot be read: ${messageOf(error)}`);
  }
  if (info.isDirectory && !context.given.isOn("recursive")) {
    throw new UsageError(`"${path}" is a directory: store it with --recursive, or with mirror`);
  }
  return { path, info };
}

/** Standard input cannot be read a second time, so there is one try. */
async function storeInput({ io, given }: AgentContext, job: Job, { path }: FtpUrl): Promise<void> {
  if (given.isOn("resume")) throw new UsageError('Flag "--resume" is not possible with standard input');
  const { crew, report, limiter } = job;
  await part(job, "-", async () => {
    const onProgress = (bytes: number) => report.emit({ event: "progress", path: "-", bytes });
    const bytes = await crew.run(async (client) => {
      report.emit({ event: "start", action: "put", path: "-" });
      return await client.upload(io.stdin, path, present({ limiter, onProgress, signal: crew.signal }));
    }, { once: true });
    report.emit({ event: "transferred", action: "put", path: "-", target: path, bytes });
  });
}
