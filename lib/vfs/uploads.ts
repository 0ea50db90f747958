/**
 * What others see of an upload while it runs, and what is left of an interrupted one. Wraps a driver, below the
 * access-scoped view, so that rules apply to the names users know.
 *
 * @module
 */

import { ForwardingSink, ForwardingVfs, guardExtras, lookUp } from "./forwarding.ts";
import { ReplacingSink } from "./replacing_sink.ts";
import {
  type Entry,
  type FileSink,
  type FileSource,
  keepsContent,
  type OpenWriteOptions,
  type Removed,
  type RenameOptions,
  type Vfs,
  type VfsCapabilities,
  VfsError,
  type VfsErrorKind,
  type VirtualPath,
} from "./vfs.ts";
import { isPart, isRunningPart, joinPath, nameOf, parentOf, partName } from "./virtual_path.ts";

/**
 * How uploads are stored; those that resume or append always write in place.
 *
 * - `safe`: a new file grows under its name, so that an interrupted upload can be resumed. What replaces a file is
 *   hidden until it is complete, and then takes its place, mode, and, where the system permits that, owner: until then
 *   the old file stays as it is. Through a link it replaces the file that the link leads to.
 * - `atomic`: new files are hidden as well until they are complete. An upload over a link replaces the link.
 * - `inPlace`: bytes are in the file as they arrive; an interrupted upload has destroyed the old file.
 */
export type UploadMode = "safe" | "inPlace" | "atomic";

/** How uploads are stored. */
export interface UploadPolicy {
  /** How an upload takes the place of what is there. */
  readonly mode: UploadMode;
  /**
   * What happens to an interrupted upload. `delete` removes only what this upload created; an `atomic` one that is kept
   * stays hidden, and a `safe` one that would have replaced a file is never kept.
   */
  readonly broken: "keep" | "delete";
}

/**
 * `inner` with uploads stored as `policy` says. The temporary names of `atomic` uploads are invisible in this view; a
 * directory that contains a forgotten one is `notEmpty`.
 */
export function withUploadPolicy(inner: Vfs, policy: UploadPolicy): Vfs {
  return new UploadVfs(inner, policy);
}

class UploadVfs extends ForwardingVfs {
  readonly #policy: UploadPolicy;
  readonly #capabilities: VfsCapabilities;
  /** How many of the last uploads were new files. */
  #newInARow = 0;

  constructor(inner: Vfs, policy: UploadPolicy) {
    super(inner);
    this.#policy = policy;
    this.#capabilities = {
      ...guardExtras(inner.capabilities, requireVisible),
      ...(policy.mode === "atomic" && { atomicWrites: true }),
    };
  }

  override get capabilities(): VfsCapabilities {
    return this.#capabilities;
  }

  override async stat(path: VirtualPath): Promise<Entry> {
    requireVisible(path);
    return await this.inner.stat(path);
  }

  override async *list(path: VirtualPath): AsyncGenerator<readonly Entry[], void> {
    for await (const batch of this.inner.list(path)) yield batch.filter((entry) => !isPart(entry.name));
  }

  override async *names(path: VirtualPath): AsyncGenerator<readonly string[], void> {
    for await (const batch of this.inner.names(path)) yield batch.filter((name) => !isPart(name));
  }

  override async openRead(path: VirtualPath, offset?: number): Promise<FileSource> {
    requireVisible(path);
    return await this.inner.openRead(path, offset);
  }

  override async openWrite(path: VirtualPath, options: OpenWriteOptions = {}): Promise<FileSink> {
    requireUsable(path);
    const { mode } = this.#policy;
    if (keepsContent(options) || this.inner.capabilities.atomicWrites) return await this.#openInPlace(path, options);
    if (mode === "atomic") return await this.#openAtomic(path, options);
    return mode === "safe" ? await this.#openSafe(path, options) : await this.#openInPlace(path, options);
  }

  override async mkdir(path: VirtualPath): Promise<void> {
    requireUsable(path);
    await this.inner.mkdir(path);
  }

  /** What is left of uploads that were killed must not keep a directory from being removed. */
  override async rmdir(path: VirtualPath): Promise<void> {
    requireVisible(path);
    try {
      await this.inner.rmdir(path);
    } catch (error) {
      if (!(error instanceof VfsError) || error.kind !== "notEmpty") throw error;
      await this.#removeStaleIn(path, error);
      await this.inner.rmdir(path);
    }
  }

  /** @param error thrown where there is anything else. */
  async #removeStaleIn(path: VirtualPath, error: VfsError): Promise<void> {
    const { removeStale } = this.inner.capabilities;
    if (!removeStale) throw error;
    const parts: VirtualPath[] = [];
    for await (const batch of this.inner.names(path)) {
      if (!batch.every(isRunningPart)) throw error;
      parts.push(...batch.map((name) => joinPath(path, name)));
    }
    for (const part of parts) {
      if (await removeStale(part)) continue;
      throw new VfsError("notEmpty", error.message, {
        cause: error,
        hint: "Directory not empty: an upload is running",
      });
    }
  }

  override async remove(path: VirtualPath): Promise<Removed | undefined> {
    requireVisible(path);
    return await this.inner.remove(path);
  }

  override async rename(from: VirtualPath, to: VirtualPath, options?: RenameOptions): Promise<Removed | undefined> {
    requireVisible(from);
    requireUsable(to);
    return await this.inner.rename(from, to, options);
  }

  async #openInPlace(path: VirtualPath, options: OpenWriteOptions): Promise<FileSink> {
    const sink = await this.inner.openWrite(path, options);
    return this.#policy.broken === "keep" || !sink.created ? sink : new RemovedWhenBroken(sink);
  }

  /** Whether there is a file is decided by the open: between the look and the open another upload may make one. */
  async #openSafe(path: VirtualPath, options: OpenWriteOptions): Promise<FileSink> {
    if (options.exclusive) return await this.#openInPlace(path, options);
    for (let tries = 0; tries < TRIES; tries++) {
      const isExpectedNew = tries === 0 && this.#newInARow >= EXPECTED_NEW;
      const there = isExpectedNew ? undefined : await lookUp(this.inner, path, { guess: tries === 0 });
      // What cannot be replaced is refused by the driver.
      if (there && there.kind !== "file") return await this.#openInPlace(path, options);
      const found = there === undefined
        ? await unless("exists", this.#openInPlace(path, { ...options, exclusive: true }))
        : await unless("notFound", this.#openReplacing(path, there, options));
      this.#newInARow = there === undefined && found ? this.#newInARow + 1 : 0;
      if (found) return found;
    }
    throw new VfsError("busy", `Made and removed by others at the same moment: "${path}"`);
  }

  /** Holds the old file during the upload, so that there is one upload at a time to it, as there is in place. */
  async #openReplacing(path: VirtualPath, there: Entry, options: OpenWriteOptions): Promise<FileSink> {
    const { resume, resolve } = this.inner.capabilities;
    const place = there.link ? await resolve?.(path) : path;
    if (place === undefined) return await this.#openInPlace(path, options);
    const { signal } = options;
    const held = resume && await this.inner.openWrite(place, { keep: true, existing: true, ...(signal && { signal }) });
    try {
      const replaced = held?.opened ?? await this.inner.stat(place);
      const { part, sink } = await this.#openPart(place);
      // Before the first byte: what only few may read must not be open to all in the meantime.
      await copyAttributes(this.inner, { from: place, to: part, mode: replaced.mode, known: held?.opened });
      return new ReplacingSink(this.inner, { path: place, part, sink, replaced, held });
    } catch (error) {
      await held?.abort();
      throw error;
    }
  }

  async #openAtomic(path: VirtualPath, options: OpenWriteOptions): Promise<FileSink> {
    const target = await lookUp(this.inner, path);
    if (target !== undefined) requireReplaceable(path, target, options);
    const reservation = options.reserved ? await this.inner.capabilities.reserve?.(path) : undefined;
    try {
      const { part, sink } = await this.#openPart(path);
      if (target !== undefined) await copyAttributes(this.inner, { from: path, to: part, mode: target.mode });
      return new ReplacingSink(this.inner, {
        path,
        part,
        sink,
        replaced: target,
        keepBroken: this.#policy.broken === "keep",
        exclusive: options.exclusive === true,
        reservation,
      });
    } catch (error) {
      reservation?.[Symbol.dispose]();
      throw error;
    }
  }

  /** A hidden file beside the one at `path`. Another process may take it for a stale part before it is locked. */
  async #openPart(path: VirtualPath): Promise<Part> {
    for (let tries = 1;; tries++) {
      const part = joinPath(parentOf(path), partName(nameOf(path)));
      try {
        return { part, sink: await this.inner.openWrite(part, { exclusive: true, part: true }) };
      } catch (error) {
        if (error instanceof VfsError && error.kind === "busy" && tries < TRIES) continue;
        if (!(error instanceof VfsError) || error.kind !== "denied") throw error;
        throw new VfsError("denied", error.message, { cause: error, hint: NO_ROOM_FOR_PARTS });
      }
    }
  }
}

/** The file with the bytes of an upload until it is complete. */
interface Part {
  readonly part: VirtualPath;
  readonly sink: FileSink;
}

/**
 * After so many new files in a row the next name is not looked at before it is opened: clients that send new files send
 * many. If it is in use, the open has cost several looks.
 */
const EXPECTED_NEW = 4;

/** Others would have to come between two steps of one upload as often. */
const TRIES = 3;

/** The file itself may be writable; writing into it would be what the account was promised not to happen. */
const NO_ROOM_FOR_PARTS = "The server may not create files in this directory, which it must to replace one safely";

/** What `opening` resolves to; `undefined` if it is refused for this reason. */
async function unless(kind: VfsErrorKind, opening: Promise<FileSink>): Promise<FileSink | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (error instanceof VfsError && error.kind === kind) return undefined;
    throw error;
  }
}

/** The file may belong to a more privileged user; its content matters more than its mode. */
async function copyAttributes(
  vfs: Vfs,
  { from, to, mode, known }: {
    readonly from: VirtualPath;
    readonly to: VirtualPath;
    readonly mode: number;
    readonly known?: Entry | undefined;
  },
): Promise<void> {
  const { copyAttributes, setMode } = vfs.capabilities;
  try {
    if (copyAttributes) await copyAttributes(from, to, known);
    else await setMode?.(to, mode);
  } catch (error) {
    if (!(error instanceof VfsError)) throw error;
  }
}

function requireVisible(path: VirtualPath): void {
  if (isPart(nameOf(path))) throw new VfsError("notFound", `Reserved for temporary files: "${path}"`);
}

function requireUsable(path: VirtualPath): void {
  if (isPart(nameOf(path))) throw new VfsError("badName", `Reserved for temporary files: "${path}"`);
}

function requireReplaceable(path: VirtualPath, there: Entry, options: OpenWriteOptions): void {
  if (options.exclusive) throw new VfsError("exists", `Already exists: "${path}"`);
  if (there.kind === "directory") throw new VfsError("isDirectory", `Is a directory: "${path}"`);
  if (there.kind !== "file") throw new VfsError("denied", `Not a regular file: "${path}"`);
}

/** An upload whose file is removed again unless it is committed. */
export class RemovedWhenBroken extends ForwardingSink {
  override async abort(): Promise<void> {
    await this.inner.discard();
  }

  /** Whatever its content. */
  override discard(): Promise<Removed | undefined> {
    return this.inner.discard();
  }
}
