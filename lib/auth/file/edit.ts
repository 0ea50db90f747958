/**
 * Changes an accounts file atomically: a reader sees the old file or the new one, never half of either.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import type { DocumentChange, EditOptions } from "../place.ts";
import { accessProblem, AccountsFileError, parseAccounts, parseDocument, readAccountsText } from "./read.ts";
import { formatJson } from "./json_format.ts";

const OWNER_ONLY = 0o600;
const NEW_DOCUMENT = `{\n  "accounts": []\n}\n`;

/**
 * Reads the file at `path`, applies `change`, checks the result and replaces the file. Order, indentation, owner and
 * mode stay as they were. Concurrent edits wait for each other. Rejects with {@link AccountsFileError}, or with what
 * `change` throws.
 */
export async function editAccounts(path: string, change: DocumentChange, options: EditOptions = {}): Promise<void> {
  const target = await ask(path, () => targetOf(path));
  const draftPath = join(dirname(target), `.${basename(target)}.new`);
  using draft = await ask(path, () => openLocked(draftPath));
  // Gone, or the only one that has the whole text.
  let keepsDraft = false;
  try {
    // Only after taking the lock: its previous holder may just have created the file.
    const info = await ask(path, () => statIfThere(target));
    if (info === undefined && options.create !== true) throw new AccountsFileError(path, ["Does not exist"]);
    const text = info === undefined ? NEW_DOCUMENT : await wholeText(path, draftPath);
    const changed = new TextEncoder().encode(changeText(text, path, change));
    await ask(path, async () => {
      await fill(draft, changed);
      if (Deno.build.os !== "windows") await takeOver(draftPath, info);
      keepsDraft = await replaces(draftPath, target);
      if (keepsDraft) return;
      using file = await Deno.open(target, { write: true });
      keepsDraft = true;
      await fill(file, changed);
      keepsDraft = false;
    });
  } finally {
    // Still under the lock, so no other process can have a draft at this path.
    if (!keepsDraft) await Deno.remove(draftPath);
  }
}

/** The text of the file; that of the draft, if an edit in place was cut short and left half a file. */
async function wholeText(path: string, draftPath: string): Promise<string> {
  const [text, draft] = [await readAccountsText(path), await Deno.readTextFile(draftPath)];
  return isWhole(text, path) || !isWhole(draft, path) ? text : draft;
}

function isWhole(text: string, path: string): boolean {
  try {
    parseDocument(text, path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Renames the draft to the file. Resolves to `false` if the file is a mount point of its own, as containers have them:
 * it cannot be replaced (EBUSY), only written to.
 */
async function replaces(draftPath: string, target: string): Promise<boolean> {
  try {
    await Deno.rename(draftPath, target);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EBUSY") return false;
    throw error;
  }
}

/** The target where `path` is a symbolic link, so that the link stays a link. */
async function targetOf(path: string): Promise<string> {
  return await statIfThere(path) === undefined ? path : await Deno.realPath(path);
}

async function statIfThere(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Runs `work` on the system; a system error becomes an {@link AccountsFileError}. */
async function ask<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const directory = dirname(path);
    const flags = `--allow-read=${directory} --allow-write=${directory}`;
    throw new AccountsFileError(path, [`Cannot be changed: ${accessProblem(error, flags)}`], { cause: error });
  }
}

/**
 * Opens the draft next to the file, locked. The lock ends with its process, so a draft left by a crash blocks no one; a
 * draft that was renamed to the file, or removed, while this waited for the lock must not be written to.
 */
async function openLocked(draftPath: string): Promise<Deno.FsFile> {
  while (true) {
    const file = await Deno.open(draftPath, { write: true, create: true, mode: OWNER_ONLY });
    try {
      await file.lock(true);
      if (await isAt(file, draftPath)) return file;
    } catch (error) {
      file.close();
      throw error;
    }
    file.close();
  }
}

async function isAt(file: Deno.FsFile, path: string): Promise<boolean> {
  const [ours, theirs] = await Promise.all([file.stat(), Deno.stat(path).catch(() => undefined)]);
  return ours.ino === theirs?.ino && ours.dev === theirs?.dev;
}

async function fill(file: Deno.FsFile, data: Uint8Array): Promise<void> {
  await file.truncate();
  for (let written = 0; written < data.length;) written += await file.write(data.subarray(written));
  await file.sync();
}

/**
 * Gives the draft the owner and mode of the file it replaces: root may edit what an unprivileged server must read. A
 * new file gets the owner of its directory.
 */
async function takeOver(draftPath: string, info: Deno.FileInfo | undefined): Promise<void> {
  const draft = await Deno.stat(draftPath);
  const owner = info ?? await Deno.stat(dirname(draftPath));
  const isOurs = draft.uid === owner.uid && (info === undefined || draft.gid === owner.gid);
  // Only root can give files away.
  if (!isOurs && (info !== undefined || draft.uid === 0)) await Deno.chown(draftPath, owner.uid, owner.gid);
  await Deno.chmod(draftPath, (info?.mode ?? OWNER_ONLY) & 0o777);
}

function changeText(text: string, path: string, change: DocumentChange): string {
  parseAccounts(text, path);
  const document = change(parseDocument(text, path));
  const changed = formatJson(document, { indent: /^[ \t]+/m.exec(text)?.[0] ?? "  " });
  parseAccounts(changed, path);
  return changed;
}
