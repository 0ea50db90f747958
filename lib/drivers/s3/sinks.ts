/**
 * Uploads into a root: of whole files, and of changes to a file, whose old content the store copies by itself.
 *
 * @module
 */

import { type DiscardOptions, type FileSink, type Removed, VfsError, type VirtualPath } from "../../vfs/vfs.ts";
import { asVfs, vfsErrorOf } from "./errors.ts";
import { PartWriter, SMALLEST_PART, type WriterTools } from "./part_writer.ts";
import { openSource } from "./source.ts";
import type { Steps } from "./steps.ts";
import type { Condition, ObjectHead, ObjectStore } from "./store.ts";

/** What a sink works with. */
export interface SinkTools extends WriterTools {
  readonly steps: Steps;
}

/** The object that a sink writes. */
export interface Target {
  readonly path: VirtualPath;
  readonly key: string;
}

/** How a {@link WholeSink} writes. */
export interface WholeOptions {
  /** Whether there was no object. */
  readonly created: boolean;
  readonly exclusive: boolean;
  /** The object that there was, if any. */
  readonly base?: ObjectHead | undefined;
  /** Where an upload that broke off is continued. */
  readonly writer?: PartWriter;
  /** Called when it is over. */
  readonly release?: (() => void) | undefined;
}

/** A whole file, visible from its commit on. */
export class WholeSink implements FileSink {
  readonly initialSize: number;
  readonly created: boolean;
  readonly #tools: SinkTools;
  readonly #target: Target;
  readonly #options: WholeOptions;
  #writer: PartWriter | undefined;

  constructor(tools: SinkTools, target: Target, options: WholeOptions) {
    this.initialSize = options.writer?.size ?? 0;
    this.created = options.created;
    this.#tools = tools;
    this.#target = target;
    this.#options = options;
    this.#writer = options.writer ?? new PartWriter(tools, target.key);
  }

  async write(data: Uint8Array): Promise<void> {
    await asVfs(this.#target.path, async () => await this.#writer?.write(data));
  }

  async commit(): Promise<void> {
    const { key, path } = this.#target;
    const { exclusive, base, writer: resumed } = this.#options;
    const { steps, store, uploads, locks } = this.#tools;
    const taken = () => new VfsError("exists", `Already exists: "${path}"`);
    try {
      await steps.run([key], async () => {
        if (exclusive && await store.head(key)) throw taken();
        await this.#writer?.finish(exclusive || locks.mayBeLost ? unchangedSince(base) : undefined);
        steps.changed(key);
        if (!resumed) await uploads.endBroken(key);
      });
      this.#end();
    } catch (error) {
      const failure = vfsErrorOf(error, path);
      throw exclusive && failure.kind === "vanished" ? taken() : failure;
    }
  }

  /** What is kept can be resumed, unless it was to replace a file: a client that goes on takes the size of that. */
  async abort(): Promise<void> {
    const writer = this.#end();
    await (this.#options.exclusive || !(this.created || this.#options.writer) ? writer?.abort() : writer?.keep());
  }

  async discard({ ifEmpty = false }: DiscardOptions = {}): Promise<Removed | undefined> {
    if (ifEmpty) return void await this.abort();
    await this.#end()?.abort();
    return undefined;
  }

  #end(): PartWriter | undefined {
    const writer = this.#writer;
    this.#writer = undefined;
    this.#options.release?.();
    return writer;
  }
}

/** A change of a file from `offset` on; what is past the new bytes stays. */
export class ChangeSink implements FileSink {
  readonly initialSize: number;
  readonly created = false;
  readonly #tools: SinkTools;
  readonly #target: Target;
  readonly #base: ObjectHead;
  readonly #offset: number;
  #writer: PartWriter | undefined;

  /** @param base the object, of `offset` bytes at least. */
  constructor(tools: SinkTools, target: Target, base: ObjectHead, offset: number) {
    this.initialSize = base.size;
    this.#tools = tools;
    this.#target = target;
    this.#base = base;
    this.#offset = offset;
  }

  async write(data: Uint8Array): Promise<void> {
    if (data.length === 0) return;
    await asVfs(this.#target.path, async () => {
      this.#writer ??= await begin(this.#tools, this.#target.key, this.#base, this.#offset);
      await this.#writer.write(data);
    });
  }

  async commit(): Promise<void> {
    const writer = this.#writer;
    if (!writer) return;
    const { key, path } = this.#target;
    await asVfs(path, () =>
      this.#tools.steps.run([key], async () => {
        if (writer.size < this.#base.size) await this.#addRest(writer);
        await writer.finish({ match: this.#base.etag });
        this.#tools.steps.changed(key);
      }));
    this.#writer = undefined;
  }

  /** What was added to the end stays; a file of which a part was to be replaced stays as it was. */
  async abort(): Promise<void> {
    const writer = this.#writer;
    if (!writer) return;
    try {
      if (this.#offset < this.#base.size) throw new VfsError("failed", "Broken off");
      await this.commit();
    } catch {
      await writer.abort();
    }
    this.#writer = undefined;
  }

  async discard(): Promise<undefined> {
    await this.abort();
  }

  async #addRest(writer: PartWriter): Promise<void> {
    const { key } = this.#target;
    const { size, etag } = this.#base;
    await feed(this.#tools.store, writer, key, {
      start: writer.size,
      end: Math.min(size, writer.size + (this.#tools.abilities.copiesParts ? writer.shortOfPart : Infinity)),
    });
    if (writer.size < size) await writer.copy({ key, etag, start: writer.size, end: size });
  }
}

/** A writer that has the first `length` bytes of an object. */
export async function begin(tools: SinkTools, key: string, base: ObjectHead, length: number): Promise<PartWriter> {
  const writer = new PartWriter(tools, key, base.headers);
  try {
    if (length >= SMALLEST_PART && tools.abilities.copiesParts) {
      await writer.copy({ key, etag: base.etag, start: 0, end: length });
    } else await feed(tools.store, writer, key, { start: 0, end: length });
    return writer;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

const FEED = 65_536;

/** Writes the bytes of an object from `start` to `end`, which go by way of this server. */
async function feed(
  store: ObjectStore,
  writer: PartWriter,
  key: string,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<void> {
  if (start >= end) return;
  const source = await openSource(store, key, start);
  if (!source) throw new VfsError("vanished", `Removed in the meantime: "${key}"`);
  try {
    const buffer = new Uint8Array(FEED);
    for (let left = end - start; left > 0;) {
      const count = await source.read(buffer.subarray(0, Math.min(left, FEED)));
      if (count === null) throw new VfsError("vanished", `Became shorter in the meantime: "${key}"`);
      await writer.write(buffer.subarray(0, count));
      left -= count;
    }
  } finally {
    source.close();
  }
}

/** The condition for an object that is still `base`, or still missing. */
export function unchangedSince(base: ObjectHead | undefined): Condition {
  return base ? { match: base.etag } : { none: "*" };
}
