/**
 * Downloads into local files: to a hidden name beside the target, which is replaced when all is there.
 *
 * @module
 */

import { basename, dirname, join } from "@std/path";
import { messageOf } from "../net/message_of.ts";
import { ClientError } from "./errors.ts";

/** Bytes at the end of a part that are compared with the server's before it goes on. */
export const TAIL_SIZE = 64 * 1024;
/** Bytes of a file name that file systems take. */
const MOST_NAME_BYTES = 255;
const SUFFIX = ".denoftpd-part";

/**
 * Locks `file`. Resolves to whether no other process has it. Where the runtime cannot just try (Deno 2.6, the base of
 * older executables), this waits for the other to end, which has renamed the file by then.
 */
async function isAlone(file: Deno.FsFile, path: string): Promise<boolean> {
  if ("tryLock" in file) return await file.tryLock(true);
  const older: Pick<Deno.FsFile, "lock" | "stat"> = file;
  await older.lock(true);
  const [own, there] = [await older.stat(), await Deno.stat(path).catch(() => undefined)];
  return own.ino === there?.ino && own.dev === there?.dev;
}

/**
 * The hidden part of a download. Ended by {@link commit}, or by disposing of it, which keeps what has arrived for a
 * later {@link PartFile.open}.
 */
export class PartFile implements Disposable {
  /** Where it is going to be. A link is followed, as by everything else that writes to a name. */
  readonly target: string;
  readonly #path: string;
  readonly #file: Deno.FsFile;
  /** Of the file that is replaced. */
  readonly #mode: number | null;
  #size: number;
  #isOver = false;

  private constructor(target: string, path: string, file: Deno.FsFile, info: { size: number; mode: number | null }) {
    this.target = target;
    this.#path = path;
    this.#file = file;
    this.#mode = info.mode;
    this.#size = info.size;
  }

  /**
   * Opens the part of `target`, or begins one. With `resume` it has what an earlier download left, else what `target`
   * has; without, it is empty.
   *
   * @throws {ClientError} `local`, also if another download of the same file is running.
   */
  static async open(target: string, { resume = false } = {}): Promise<PartFile> {
    return await locally(async () => {
      const real = await Deno.realPath(target).catch(() => target);
      const old = await Deno.stat(real).catch(() => undefined);
      if (old && !old.isFile) throw new ClientError("local", `${target} is not a regular file`);
      const path = join(dirname(real), partName(basename(real)));
      const isNew = await Deno.stat(path).then(() => false, () => true);
      if (isNew && old && resume) await Deno.copyFile(real, path);
      const file = await Deno.open(path, { read: true, write: true, create: true });
      try {
        if (!await isAlone(file, path)) throw new ClientError("local", `Another download to ${target} is running`);
        if (!resume) await file.truncate(0);
        const { size } = await file.stat();
        return new PartFile(real, path, file, { size, mode: old?.mode ?? null });
      } catch (error) {
        file.close();
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
    return await locally(async () => {
      const tail = new Uint8Array(bytes);
      await this.#file.seek(this.#size - bytes, Deno.SeekMode.Start);
      for (let filled = 0; filled < bytes;) {
        const count = await this.#file.read(tail.subarray(filled));
        if (count === null) throw new ClientError("local", `${this.#path} has become shorter`);
        filled += count;
      }
      return tail;
    });
  }

  /** Drops what is there. */
  async clear(): Promise<void> {
    await locally(() => this.#file.truncate(0));
    this.#size = 0;
  }

  /** Appends. @throws {ClientError} `local`, for example on a full disk. */
  async write(data: Uint8Array): Promise<void> {
    await locally(async () => {
      await this.#file.seek(this.#size, Deno.SeekMode.Start);
      for (let done = 0; done < data.length;) done += await this.#file.write(data.subarray(done));
    });
    this.#size += data.length;
  }

  /** Makes the part the file. @param modified milliseconds since 1970, as the server has it. */
  async commit(modified?: number): Promise<void> {
    await locally(async () => {
      if (this.#mode !== null && Deno.build.os !== "windows") await Deno.chmod(this.#path, this.#mode & 0o7777);
      if (modified !== undefined) await this.#file.utime(new Date(), new Date(modified));
      this.#isOver = true;
      this.#file.close();
      await Deno.rename(this.#path, this.target);
    });
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#file.close();
    if (this.#size === 0) removeQuietly(this.#path);
  }
}

/** The hidden name of the part of `name`, cut if the file system would not take it whole. */
function partName(name: string): string {
  const whole = `.${name}${SUFFIX}`;
  const encoder = new TextEncoder();
  if (encoder.encode(whole).length <= MOST_NAME_BYTES) return whole;
  let [cut, hash] = [name, 0];
  for (const character of name) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  const end = `.${hash.toString(16)}${SUFFIX}`;
  while (encoder.encode(`.${cut}${end}`).length > MOST_NAME_BYTES) cut = [...cut].slice(0, -1).join("");
  return `.${cut}${end}`;
}

async function locally<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ClientError) throw error;
    throw new ClientError("local", messageOf(error), { cause: error });
  }
}

function removeQuietly(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // Nothing of it is needed; the next download takes it up.
  }
}
