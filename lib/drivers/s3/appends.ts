/**
 * Uploads that append. Several may append to one file at the same time: they share one upload, in which bytes are in
 * the order of their arrival, and whichever ends first makes an object of what has arrived so far.
 *
 * @module
 */

import type { DiscardOptions, FileSink, VfsError } from "../../vfs/vfs.ts";
import { asVfs, vfsErrorOf } from "./errors.ts";
import { PartWriter } from "./part_writer.ts";
import { begin, type SinkTools, type Target, unchangedSince } from "./sinks.ts";
import type { ObjectHead } from "./store.ts";
import type { BrokenUpload } from "./uploads.ts";

/** The file that is appended to: an object, or an upload that broke off, or nothing. */
export type AppendBase = { readonly object?: ObjectHead | undefined; readonly broken?: BrokenUpload | undefined };

/** All that append to one file. */
export class AppendGroup {
  readonly target: Target;
  readonly #tools: SinkTools;
  #base: AppendBase;
  #writer: PartWriter | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** Members that have written since the last object was made. */
  readonly #writers = new Set<AppendSink>();

  constructor(tools: SinkTools, target: Target, base: AppendBase) {
    this.#tools = tools;
    this.target = target;
    this.#base = base;
  }

  /** Bytes in the file, for one that begins to append. */
  get size(): number {
    return this.#writer?.size ?? this.#base.object?.size ?? this.#base.broken?.size ?? 0;
  }

  /** Whether there is nothing yet. */
  get isNew(): boolean {
    return !this.#base.object && !this.#base.broken && !this.#writer;
  }

  /** Adds `data`. */
  write(data: Uint8Array, member: AppendSink): Promise<void> {
    return this.#inTurn(async () => {
      this.#writer ??= await this.#begin();
      this.#writers.add(member);
      await this.#writer.write(data);
    });
  }

  /** Makes an object of what has arrived so far; without anything, an empty one if there is none. */
  commit(): Promise<void> {
    return this.#inTurn(() => this.#commit());
  }

  /** A member ends without success: what has arrived stays, or is kept to be resumed. */
  end(member: AppendSink): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#writer || !this.#writers.has(member)) return;
      if (!this.#base.broken || this.#writers.size > 1) return await this.#commit();
      const writer = this.#forget();
      await writer?.keep();
    });
  }

  /** A member ends, and what it has made is removed, unless others have appended to it. */
  drop(member: AppendSink): Promise<void> {
    const isAlone = this.#writers.size === 1 && this.#writers.has(member);
    if (!isAlone || this.#base.object || this.#base.broken) return this.end(member);
    return this.#inTurn(async () => await this.#forget()?.abort());
  }

  async #begin(): Promise<PartWriter> {
    const { object, broken } = this.#base;
    const { key } = this.target;
    if (object) return await begin(this.#tools, key, object, object.size);
    if (!broken) return new PartWriter(this.#tools, key);
    return PartWriter.resuming(this.#tools, broken, broken.parts.length);
  }

  async #commit(): Promise<void> {
    const { key } = this.target;
    if (!this.#writer && this.#base.object) return;
    const writer = this.#writer ?? await this.#begin();
    try {
      await this.#tools.steps.run([key], async () => {
        await writer.finish(unchangedSince(this.#base.object));
        this.#base = { object: await this.#tools.store.head(key) };
        this.#tools.steps.changed(key);
      });
      this.#forget();
    } catch (error) {
      // A 226 to any of them must not follow: their bytes are gone together.
      for (const member of this.#writers) member.lose(vfsErrorOf(error, this.target.path));
      this.#forget();
      await writer.abort();
      throw error;
    }
  }

  #forget(): PartWriter | undefined {
    const writer = this.#writer;
    this.#writer = undefined;
    this.#writers.clear();
    return writer;
  }

  async #inTurn(action: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => {});
    await asVfs(this.target.path, () => turn);
  }
}

/** One that appends. */
export class AppendSink implements FileSink {
  readonly initialSize: number;
  readonly created: boolean;
  readonly #group: AppendGroup;
  readonly #leave: () => void;
  #isOver = false;
  /** What others sent with this one's bytes could not be stored. */
  #lost: VfsError | undefined;

  /** @param leave called when it is over. */
  constructor(group: AppendGroup, leave: () => void) {
    this.initialSize = group.size;
    this.created = group.isNew;
    this.#group = group;
    this.#leave = leave;
  }

  async write(data: Uint8Array): Promise<void> {
    if (data.length === 0) return;
    this.#requireKept();
    await this.#group.write(data, this);
  }

  async commit(): Promise<void> {
    this.#requireKept();
    await this.#group.commit();
    await this.#end();
  }

  async abort(): Promise<void> {
    await this.#end(() => this.#group.end(this));
  }

  async discard({ ifEmpty = false }: DiscardOptions = {}): Promise<undefined> {
    await this.#end(() => ifEmpty ? this.#group.end(this) : this.#group.drop(this));
  }

  /** The group could not store bytes of this one. */
  lose(error: VfsError): void {
    this.#lost = error;
  }

  #requireKept(): void {
    if (this.#lost) throw this.#lost;
  }

  /** The group is left last: who begins to append before that joins it. */
  async #end(last?: () => Promise<void>): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await last?.().catch(() => {});
    this.#leave();
  }
}
