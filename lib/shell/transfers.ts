/**
 * One file at a time, with its progress shown.
 *
 * @module
 */

import { ClientError } from "../client/errors.ts";
import { fetchFile, type FetchOptions, type FileResult, storeFile } from "../client/files.ts";
import { printable } from "../client/names.ts";
import type { RemoteEntry } from "../client/remote_entry.ts";
import { counted } from "../net/counted.ts";
import { present } from "../net/present.ts";
import type { ShellContext } from "./context.ts";
import { ShellError } from "./errors.ts";
import { sizeText } from "./listing.ts";
import type { RemoteMatch } from "./patterns.ts";

/** How a file is moved. */
export interface TransferRequest {
  /** Go on with what an earlier transfer left. */
  readonly resume?: boolean;
  /** Add to the end of the remote file. */
  readonly append?: boolean;
  readonly signal: AbortSignal;
}

/** Fetches a file to the local path `target`, which is replaced when all has arrived. */
export async function fetchOne(
  context: ShellContext,
  { path, entry }: RemoteMatch,
  target: string,
  { resume = false, signal }: TransferRequest,
): Promise<void> {
  const known = entry ?? await factsOf(context, path, signal);
  if (known?.kind === "directory") {
    throw new ShellError(`${printable(path)} is a directory`, `Fetch it with "mirror ${printable(path)}"`);
  }
  // Only a file has the size of its listing: that of a link may be the length of its target.
  const { size, modified } = known?.kind === "file" ? known : { size: undefined, modified: undefined };
  const { ascii } = context.settings;
  await shownWhile(context, path, size, (onProgress) => {
    const options = present<FetchOptions>({
      ...{ resume, signal, onProgress, modified, ascii, onNote: noteOf(context, path) },
      size: ascii ? undefined : size,
    });
    return context.remote.use(signal, (client) => fetchFile(client, path, target, options));
  });
}

/** Stores the local file `local` at `path`. */
export async function storeOne(
  context: ShellContext,
  local: string,
  path: string,
  { resume = false, append = false, signal }: TransferRequest,
): Promise<void> {
  const source = context.local(local);
  const size = (await Deno.stat(source).catch(() => undefined))?.size;
  const { ascii } = context.settings;
  await shownWhile(context, local, size, (onProgress) => {
    const options = { resume, append, ascii, signal, onProgress, onNote: noteOf(context, local) };
    return context.remote.use(signal, (client) => storeFile(client, source, path, options));
  });
}

/** Size and time, where the server says both at once. A refusal is for the transfer to report. */
async function factsOf(context: ShellContext, path: string, signal: AbortSignal): Promise<RemoteEntry | undefined> {
  return await context.remote.ask(signal, async (client) => {
    if (!client.features.has("MLST")) return undefined;
    return await client.entry(path).catch((error) => {
      if (error instanceof ClientError && error.kind === "reply" && error.code !== 421) return undefined;
      throw error;
    });
  });
}

function noteOf({ person }: ShellContext, name: string): (note: string) => void {
  return (note) => person.note(`${printable(name)}: ${note}`);
}

/** Shows how far `move` is, and what it did when it is done. */
async function shownWhile(
  context: ShellContext,
  name: string,
  size: number | undefined,
  move: (onProgress: (bytes: number) => void) => Promise<FileResult>,
): Promise<void> {
  const { person } = context;
  const began = performance.now();
  const progress = context.progress(printable(name), size);
  let result: FileResult;
  try {
    result = await move((bytes) => progress.update(bytes));
  } finally {
    progress.end();
  }
  if (!person.isInteractive) return;
  const seconds = Math.max((performance.now() - began) / 1000, 0.001);
  const moved = result.size - result.resumedAt;
  const from = result.resumedAt > 0 ? `, from byte ${result.resumedAt} on` : "";
  person.note(
    `${printable(name)}: ${counted(result.size, "byte")}${from}, ${seconds.toFixed(1)} s, ${
      sizeText(Math.round(moved / seconds), true)
    }B/s`,
  );
}
