/**
 * Files from this server to another, or to another place on it.
 *
 * @module
 */

import { isFtpUrl, parseFtpUrl } from "../../agent/site/url.ts";
import type { Client } from "../../client/client.ts";
import { printable } from "../../client/names.ts";
import type { Call } from "../command.ts";
import type { ShellContext } from "../context.ts";
import { joinPath, nameOf } from "../paths.ts";
import { oneRemote } from "../patterns.ts";
import { relay } from "../../agent/job/relay.ts";
import { wordAt } from "./arguments.ts";

/** `copy`: the bytes pass through here and are not stored here. */
export async function copy(context: ShellContext, call: Call): Promise<void> {
  const { signal } = call;
  const { path, entry } = await oneRemote(context, wordAt(call, 0), signal);
  const { text } = wordAt(call, 1);
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
): Promise<{ readonly client: Client; readonly target: string }> {
  const { mode } = context.settings;
  if (!isFtpUrl(text)) {
    const { connected } = context.remote;
    const target = context.remote.resolve(text) + (text.endsWith("/") ? "/" : "");
    return { client: await connected.again({ mode, signal }), target };
  }
  const { client } = await context.reach({ target: text }, signal);
  const { path, isDirectory } = parseFtpUrl(text);
  return { client, target: isDirectory && path !== "" && !path.endsWith("/") ? `${path}/` : path };
}
