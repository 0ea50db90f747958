/**
 * Files that move from one server to another through the client.
 *
 * @module
 */

import type { ByteSink, UploadSource } from "../../client/mod.ts";
import { present } from "../../net/present.ts";
import type { Crew } from "./crew.ts";
import { type Job, part } from "./job.ts";

/** A file to copy. */
export interface Copy {
  readonly path: string;
  /** On the other server. */
  readonly target: string;
  /** From a listing. */
  readonly size?: number | undefined;
}

/**
 * Copies a file from the server of `job` to that of `to`, which must be another crew: one of its sessions waits for one
 * of the other. Resolves to whether it was done.
 */
export async function copyFile(job: Job, to: Crew, { path, target, size }: Copy): Promise<boolean> {
  const { crew, report, limiter } = job;
  return await part(job, path, async () => {
    const bytes = await crew.run((from) =>
      to.run(async (client) => {
        report.emit({ event: "start", action: "copy", path, size });
        const pipe = new Pipe((bytes) => report.emit({ event: "progress", path, bytes }));
        const options = present({ limiter, size, signal: crew.signal });
        const [down, up] = await Promise.allSettled([
          from.download(path, pipe, options).then(() => pipe.end(), (error) => pipe.fail(error)),
          client.upload(pipe, target, { signal: crew.signal }).catch((error) => pipe.fail(error)),
        ]);
        // The first failure ends both, and both report it.
        for (const end of [down, up]) if (end.status === "rejected") throw end.reason;
        return pipe.bytes;
      }, { size: size ?? 0 }), { size: size ?? 0 });
    report.emit({ event: "transferred", action: "copy", path, target, bytes });
  });
}

/** What one side writes the other reads, piece by piece: nothing piles up where one is slower. */
class Pipe implements ByteSink, UploadSource {
  readonly #onProgress: (bytes: number) => void;
  #piece: Uint8Array = new Uint8Array();
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  #changed = Promise.withResolvers<void>();
  #bytes = 0;

  constructor(onProgress: (bytes: number) => void) {
    this.#onProgress = onProgress;
  }

  /** Those that have passed. */
  get bytes(): number {
    return this.#bytes;
  }

  async write(data: Uint8Array): Promise<void> {
    this.#piece = data;
    this.#change();
    while (this.#piece.length > 0 && !this.#failure) await this.#changed.promise;
    if (this.#failure) throw this.#failure.error;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#piece.length === 0 && !this.#isOver && !this.#failure) await this.#changed.promise;
    if (this.#failure) throw this.#failure.error;
    const part = this.#piece.subarray(0, buffer.length);
    if (part.length === 0) return null;
    buffer.set(part);
    this.#piece = this.#piece.subarray(part.length);
    this.#bytes += part.length;
    this.#onProgress(this.#bytes);
    if (this.#piece.length === 0) this.#change();
    return part.length;
  }

  /** All has been written. */
  end(): void {
    this.#isOver = true;
    this.#change();
  }

  /** Ends both sides. @throws `error`, or the failure before it. */
  fail(error: unknown): never {
    this.#failure ??= { error };
    this.#change();
    throw this.#failure.error;
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
