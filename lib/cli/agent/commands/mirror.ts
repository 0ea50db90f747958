/**
 * `denoftpd mirror`.
 *
 * @module
 */

import type { JobSummary } from "../../../agent/job/events.ts";
import { mirror as mirrorOnce, type MirrorOptions } from "../../../agent/mirror/mirror.ts";
import { whenChanged } from "../../../agent/mirror/watch.ts";
import { isFtpUrl } from "../../../agent/site/url.ts";
import { UsageError } from "../../usage_error.ts";
import type { AgentContext } from "../context.ts";
import { readFilters } from "../filters.ts";
import { showSize } from "../values.ts";

/** Makes one directory like another. */
export async function mirror(context: AgentContext): Promise<number> {
  const { given } = context;
  const [source = "", target = ""] = given.rest;
  if (isFtpUrl(source) === isFtpUrl(target)) {
    throw new UsageError(
      isFtpUrl(source)
        ? "Both are URLs: denoftpd copy --recursive goes from one server to another"
        : "One of the two must be a URL such as ftp://host/dir/",
    );
  }
  const isDown = isFtpUrl(source);
  const url = context.url(isDown ? source : target);
  const maxDelete = given.text("max-delete") === undefined
    ? undefined
    : context.number("max-delete", 0, 0, 999_999_999);
  if (maxDelete !== undefined && !given.isOn("delete")) throw new UsageError('Flag "--max-delete" needs "--delete"');
  const crew = await context.crew(url);
  const job = { ...context.job(crew), times: given.isOn("times") || await hasTimes(context, url, isDown) };
  const options: MirrorOptions = {
    ...readFilters(given),
    direction: isDown ? "down" : "up",
    remote: url.path,
    local: isDown ? target : source,
    byDigest: given.isOn("verify"),
    delete: given.isOn("delete"),
    dryRun: given.isOn("dry-run"),
    maxDelete,
    onPlan: (files, bytes) => context.output.expect(files, bytes),
  };
  if (given.isOn("watch")) {
    if (isDown) throw new UsageError('Flag "--watch" needs a local SOURCE: a server does not say what changes');
    await whenChanged(source, context.io.signal, () => mirrorOnce(job, options));
  } else await mirrorOnce(job, options);
  context.io.signal.throwIfAborted();
  if (!given.isOn("dry-run")) context.output.remark(inWords(context.report.summary));
  return context.finish();
}

/** MFMT costs nothing where it is sent while the next file moves, and makes the next comparison exact. */
async function hasTimes(context: AgentContext, url: Parameters<AgentContext["crew"]>[0], isDown: boolean) {
  if (isDown) return false;
  return await (await context.crew(url)).run((client) => Promise.resolve(client.features.has("MFMT")));
}

function inWords({ transferred, bytes, deleted, skipped, failed }: JobSummary): string {
  const parts = [
    `${transferred} transferred (${showSize(bytes)})`,
    `${skipped} left as they are`,
    ...deleted > 0 ? [`${deleted} removed`] : [],
    ...failed > 0 ? [`${failed} failed`] : [],
  ];
  return parts.join(", ");
}
