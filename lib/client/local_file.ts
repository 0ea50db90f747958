/**
 * Downloads into local files: to a hidden name beside the target, which is replaced when all is there.
 *
 * Files are read and written by synchronous calls: they take less time than a change to a thread that may wait, which
 * was most of the work of two thousand small files, and a third of that of a large one.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import { messageOf } from "../net/message_of.ts";
import { writeAllSync } from "../net/write_all.ts";
import { ClientError } from "./errors.ts";

/** Bytes at the end of a part that are compared with the server's before it goes on. */
export const TAIL_SIZE = 64 * 1024;
/** Bytes of a file name that file systems take. */
const MOST_NAME_BYTES = 255;
const SUFFIX = ".denoftpd-part";

/**
 * The hidden part of a download. Ended by {@link commit}, or by disposing of it, which keeps what has arrived for a
 * later {@link PartFile.open}.
 */
export class PartFile implements Disposable {
  /** Where it is going to be. A link is followed, as by everything else that writes to a name. */
  readonly target: string;
  readonly #hidden: HiddenFile;
  /** At its end. */
  readonly #file: Deno.FsFile;
  #size: number;
  #isOver = false;

  private constructor(hidden: HiddenFile, size: number) {
    this.target = hidden.target;
    this.#hidden = hidden;
    this.#file = hidden.file;
    this.#size = size;
  }

  /**
   * Opens the part of `target`, or begins one. With `resume` it has what an earlier download left, else what `target`
   * has; without, it is empty.
   *
   * @throws {ClientError} `local`, also if another download of the same file is running.
   */
  static async open(target: string, { resume = false } = {}): Promise<PartFile> {
    return await locally(async () => {
      const hidden = await openHidden(target, SUFFIX, async (path, old) => {
        if (resume && old !== undefined && !statOf(path)) await Deno.copyFile(old, path);
      });
      try {
        return new PartFile(hidden, hidden.isNew ? 0 : whatToKeep(hidden.file, resume));
      } catch (error) {
        hidden.file.close();
        throw error;
      }
    });
  }

  /** Bytes so far. */
  get size(): number {
    return this.#size;
  }

  /** The last `bytes` bytes. */
  async tail(bytes: number): Promise<Uint8Array> {
    return bytes === 0 ? new Uint8Array(0) : await locally(() => readBefore(this.#file, this.#size, bytes));
  }

  /** Drops what is there. */
  async clear(): Promise<void> {
    await locally(() => {
      this.#file.truncateSync(0);
      this.#file.seekSync(0, Deno.SeekMode.Start);
    });
    this.#size = 0;
  }

  /** Appends. @throws {ClientError} `local`, for example on a full disk. */
  async write(data: Uint8Array): Promise<void> {
    await locally(() => writeAllSync(this.#file, data));
    this.#size += data.length;
  }

  /** Makes the part the file. @param modified milliseconds since 1970, as the server has it. */
  async commit(modified?: number): Promise<void> {
    await locally(() => {
      this.#isOver = true;
      replaceTarget(this.#hidden, modified);
    });
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#file.close();
    if (this.#size === 0) removeQuietly(this.#hidden.path);
  }
}

/** A local file that is uploaded. */
export class LocalFile implements Disposable {
  readonly #file: Deno.FsFile;

  /** @throws {ClientError} `local`. */
  constructor(path: string) {
    try {
      this.#file = Deno.openSync(path);
    } catch (cause) {
      throw new ClientError("local", messageOf(cause), { cause });
    }
  }

  /** Bytes it has now. */
  get size(): number {
    return this.#file.statSync().size;
  }

  /** As {@link UploadSource.read}. Rejects with a {@link ClientError} `local`. */
  read(buffer: Uint8Array): Promise<number | null> {
    return locally(() => this.#file.readSync(buffer));
  }

  /** The next read begins at byte `offset`. */
  seek(offset: number): void {
    this.#file.seekSync(offset, Deno.SeekMode.Start);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** A hidden file beside the one that it is going to replace, locked against other processes. */
export interface HiddenFile {
  /** What it replaces; a link is followed. */
  readonly target: string;
  readonly path: string;
  readonly file: Deno.FsFile;
  /** It was not there before, and is empty. */
  readonly isNew: boolean;
  /** Permission bits of the file that is replaced. */
  readonly mode: number | null;
}

/**
 * Opens the hidden file of `target` that ends with `suffix`, or creates it.
 *
 * @param prepare called before, with its path and that of the file that is there already.
 * @throws {ClientError} `local`, also if another process has it; and failures of the file system.
 */
export async function openHidden(
  target: string,
  suffix: string,
  prepare?: (path: string, old: string | undefined) => Promise<void>,
): Promise<HiddenFile> {
  const old = statOf(target);
  if (old && !old.isFile) throw new ClientError("local", `${target} is not a regular file`);
  const real = old ? Deno.realPathSync(target) : target;
  const path = hiddenPath(real, suffix);
  await prepare?.(path, old && real);
  const { file, isNew } = openOrCreate(path);
  try {
    if (!await isAlone(file, path, isNew)) throw new ClientError("local", `Another download to ${target} is running`);
    return { target: real, path, file, isNew, mode: old?.mode ?? null };
  } catch (error) {
    file.close();
    throw error;
  }
}

function openOrCreate(path: string): Pick<HiddenFile, "file" | "isNew"> {
  try {
    return { file: Deno.openSync(path, { read: true, write: true, createNew: true }), isNew: true };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new ClientError("local", `The directory "${dirname(path)}" is not there`, { cause: error });
    }
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    return { file: Deno.openSync(path, { read: true, write: true, create: true }), isNew: false };
  }
}

/**
 * Locks `file`, which was opened as `path`. Resolves to whether no other process has it: neither now, nor until a
 * moment ago, for then it has renamed the file. Where the runtime cannot just try (Deno 2.6, the base of older
 * executables), this waits for the other to end.
 */
async function isAlone(file: Deno.FsFile, path: string, isNew: boolean): Promise<boolean> {
  if ("tryLockSync" in file) {
    if (!file.tryLockSync(true)) return false;
  } else {
    const older: Pick<Deno.FsFile, "lock"> = file;
    await older.lock(true);
  }
  if (isNew) return true;
  const [own, there] = [file.statSync(), statOf(path)];
  return own.ino === there?.ino && own.dev === there?.dev;
}

/** Bytes of the part that a download goes on with. */
function whatToKeep(file: Deno.FsFile, resume: boolean): number {
  if (!resume) file.truncateSync(0);
  return file.seekSync(0, Deno.SeekMode.End);
}

/** What is at `path`, through links; `undefined` if nothing can be seen there. */
function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}

/** Closes the hidden file and makes it the target. @param modified milliseconds since 1970. */
export function replaceTarget({ target, path, file, mode }: HiddenFile, modified?: number): void {
  try {
    if (mode !== null && Deno.build.os !== "windows") Deno.chmodSync(path, mode & 0o7777);
    if (modified !== undefined) file.utimeSync(new Date(), new Date(modified));
  } finally {
    file.close();
  }
  Deno.renameSync(path, target);
}

/** The `bytes` bytes of `file` before `end`. @throws {ClientError} `local` if it ends earlier. */
export function readBefore(file: Deno.FsFile, end: number, bytes: number): Uint8Array {
  const data = new Uint8Array(bytes);
  file.seekSync(end - bytes, Deno.SeekMode.Start);
  for (let filled = 0; filled < bytes;) {
    const count = file.readSync(data.subarray(filled));
    if (count === null) throw new ClientError("local", "The hidden part has become shorter");
    filled += count;
  }
  return data;
}

/** Whether an earlier download of `target` has left its hidden part. */
export async function hasPart(target: string, suffix = SUFFIX): Promise<boolean> {
  const real = await Deno.realPath(target).catch(() => target);
  return await Deno.stat(hiddenPath(real, suffix)).then(({ isFile }) => isFile, () => false);
}

/** The hidden name beside `target`, cut if the file system would not take it whole. */
function hiddenPath(target: string, suffix: string): string {
  const name = basename(target);
  const whole = `.${name}${suffix}`;
  const encoder = new TextEncoder();
  if (encoder.encode(whole).length <= MOST_NAME_BYTES) return join(dirname(target), whole);
  let [cut, hash] = [name, 0];
  for (const character of name) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  const end = `.${hash.toString(16)}${suffix}`;
  while (encoder.encode(`.${cut}${end}`).length > MOST_NAME_BYTES) cut = [...cut].slice(0, -1).join("");
  return join(dirname(target), `.${cut}${end}`);
}

/** Failures of the file system as errors of the client. */
export async function locally<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ClientError) throw error;
    throw new ClientError("local", messageOf(error), { cause: error });
  }
}

/** Removes what nobody needs any more. */
export function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Nothing of it is needed; the next download takes it up.
  }
}
