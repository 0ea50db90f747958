/**
 * A file system that fails when it is told to: any driver, with a fault where a test wants one.
 *
 * @module
 */

import { ForwardingSink, ForwardingVfs } from "../forwarding.ts";
import {
  type DiscardOptions,
  type FileSink,
  type OpenWriteOptions,
  type Removed,
  type RenameOptions,
  type Vfs,
  VfsError,
  type VfsErrorKind,
  type VirtualPath,
} from "../vfs.ts";

/** A step of an upload that can fail. */
export type FaultyStep = "open" | "write" | "commit" | "rename" | "remove";

/** A fault to come. */
export interface Fault {
  /** The step that fails. */
  readonly step: FaultyStep;
  /** As which it is reported: `failed` for EIO, `noSpace` for ENOSPC, `overQuota` for EDQUOT, `denied` for EACCES. */
  readonly kind: VfsErrorKind;
  /**
   * Bytes of one file that are written before a `write` fails.
   *
   * @default 0
   */
  readonly after?: number;
  /**
   * Whether the driver does what it then says has failed, as a storage may do that breaks between the deed and the
   * answer.
   *
   * @default false
   */
  readonly done?: boolean;
  /**
   * How often it fails; after that all goes well.
   *
   * @default Infinity
   */
  readonly times?: number;
}

/** Any driver, with faults. */
export class FaultyVfs extends ForwardingVfs {
  #fault: Fault | undefined;
  #left = 0;

  /** `inner` without a fault. */
  constructor(inner: Vfs) {
    super(inner);
  }

  /** From now on there is this fault and no other; without one all goes well. */
  inject(fault?: Fault): void {
    this.#fault = fault;
    this.#left = fault?.times ?? Infinity;
  }

  /** As the driver does, with the faults of `open`, `write` and `commit`. */
  override async openWrite(path: VirtualPath, options?: OpenWriteOptions): Promise<FileSink> {
    const open = () => this.inner.openWrite(path, options);
    const sink = await this.run("open", open, (sink) => sink.abort());
    return new FaultySink(sink, this);
  }

  /** As the driver does, with the fault of `remove`. */
  override remove(path: VirtualPath): Promise<Removed | undefined> {
    return this.run("remove", () => this.inner.remove(path));
  }

  /** As the driver does, with the fault of `rename`. */
  override rename(from: VirtualPath, to: VirtualPath, options?: RenameOptions): Promise<Removed | undefined> {
    return this.run("rename", () => this.inner.rename(from, to, options));
  }

  /**
   * Does `act`, unless that is the step that fails now.
   *
   * @param undo what a caller would do with the result that it does not get.
   */
  async run<T>(step: FaultyStep, act: () => Promise<T>, undo?: (result: T) => Promise<void>): Promise<T> {
    const fault = this.#take(step);
    if (!fault) return await act();
    if (fault.done) {
      const result = await act();
      await undo?.(result);
    }
    throw new VfsError(fault.kind, `Injected fault: ${step}`);
  }

  /** The bytes of `size` that can be written to a file with `written` bytes so far; `undefined`: all. */
  room(written: number, size: number): number | undefined {
    const { step, after = 0 } = this.#fault ?? {};
    return step === "write" && this.#left > 0 && written + size > after ? Math.max(0, after - written) : undefined;
  }

  #take(step: FaultyStep): Fault | undefined {
    if (this.#fault?.step !== step || this.#left <= 0) return undefined;
    this.#left--;
    return this.#fault;
  }
}

class FaultySink extends ForwardingSink {
  readonly #vfs: FaultyVfs;
  #written = 0;

  constructor(inner: FileSink, vfs: FaultyVfs) {
    super(inner);
    this.#vfs = vfs;
  }

  /** A disk takes what fits of a write, and refuses the rest. */
  override async write(data: Uint8Array): Promise<void> {
    const room = data.length > 0 ? this.#vfs.room(this.#written, data.length) : undefined;
    if (room === undefined) await this.inner.write(data);
    else {
      if (room > 0) await this.inner.write(data.subarray(0, room));
      await this.#vfs.run("write", () => Promise.resolve());
    }
    this.#written += data.length;
  }

  override commit(): Promise<void> {
    return this.#vfs.run("commit", () => this.inner.commit());
  }

  override discard(options?: DiscardOptions): Promise<Removed | undefined> {
    return this.inner.discard(options);
  }
}
