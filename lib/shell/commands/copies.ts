/**
 * Files from this server to another, or to another place on it.
 *
 * @module
 */

import { isFtpUrl, parseFtpUrl } from "../../agent/site/url.ts";
import { Crew } from "../../agent/job/crew.ts";
import { copyTree } from "../../agent/mirror/copy_tree.ts";
import type { Client } from "../../client/client.ts";
import { printable } from "../../client/names.ts";
import type { Call } from "../command.ts";
import type { ShellContext } from "../context.ts";
import { withCrew } from "../crews.ts";
import { ShellUsageError } from "../errors.ts";
import type { Word } from "../line.ts";
import { joinPath, nameOf } from "../paths.ts";
import { oneRemote } from "../patterns.ts";
import type { Connected } from "../ports.ts";
import { relay } from "../../agent/job/relay.ts";
import { splitLetters } from "./arguments.ts";

/** `copy`: the bytes pass through here and are not stored here. */
export async function copy(context: ShellContext, { words, signal }: Call): Promise<void> {
  const { letters, rest: [source, target, ...more] } = splitLetters(words, "r");
  if (!source || !target || more.length > 0) throw new ShellUsageError("Use: copy [-r] REMOTE URL|REMOTE");
  if (letters.has("r")) await copyDirectory(context, { source, text: target.text }, signal);
  else await copyFile(context, { source, text: target.text }, signal);
}

/** What `copy` is about: the first word, and the text of the second. */
interface Copy {
  readonly source: Word;
  readonly text: string;
}

/** The contents become contents of the target, on sessions of their own at both ends. */
async function copyDirectory(context: ShellContext, { source, text }: Copy, signal: AbortSignal): Promise<void> {
  const { path } = await oneRemote(context, source, signal);
  const { mode } = context.settings;
  const { client, connected, target } = await destination(context, text, signal);
  try {
    const site = await connected.site(mode);
    await withCrew(context, signal, async (job, watch) => {
      await using other = new Crew(site, { signal });
      const onPlan = (files: number, bytes: number) => watch.expect(files, bytes);
      await copyTree(job, other, { source: context.remote.resolve(path), target: bare(target), onPlan });
    });
  } finally {
    await client.close();
  }
}

/** Without the slash that marks a directory. */
function bare(path: string): string {
  return path === "/" ? path : path.replace(/\/$/, "");
}

async function copyFile(context: ShellContext, { source, text }: Copy, signal: AbortSignal): Promise<void> {
  const { path, entry } = await oneRemote(context, source, signal);
  const { client, target } = await destination(context, text, signal);
  const progress = context.progress(printable(path), entry?.size);
  try {
    const to = { client, path: /(?:^|\/)$/.test(target) ? joinPath(target, nameOf(path)) : target };
    const onProgress = (moved: number) => progress.update(moved);
    const bytes = await context.remote.use(signal, (from) => relay({ client: from, path }, to, { signal, onProgress }));
    if (context.person.isInteractive) {
      context.person.note(`${printable(path)} -> ${printable(to.path)}: ${bytes} bytes`);
    }
  } finally {
    progress.end();
    await client.close();
  }
}

/** A session of its own, and the path there; a directory ends with a slash. */
async function destination(
  context: ShellContext,
  text: string,
  signal: AbortSignal,
): Promise<{ readonly client: Client; readonly connected: Connected; readonly target: string }> {
  const { mode } = context.settings;
  if (!isFtpUrl(text)) {
    const { connected } = context.remote;
    const target = context.remote.resolve(text) + (text.endsWith("/") ? "/" : "");
    return { client: await connected.again({ mode, signal }), connected, target };
  }
  const connected = await context.reach({ target: text }, signal);
  const { client } = connected;
  const { path, isDirectory } = parseFtpUrl(text);
  return { client, connected, target: isDirectory && path !== "" && !path.endsWith("/") ? `${path}/` : path };
}
