/**
 * A file from one server to another, through this computer, without being stored here.
 *
 * @module
 */

import type { Client } from "../../client/client.ts";
import type { ByteSink, UploadSource } from "../../client/moves.ts";
import type { DownloadOptions } from "../../client/options.ts";

/** A file on a server. */
export interface RemoteFile {
  readonly client: Client;
  readonly path: string;
}

/** The options of {@link relay}. */
export interface RelayOptions extends Pick<DownloadOptions, "limiter" | "size"> {
  readonly signal: AbortSignal;
  readonly onProgress: (bytes: number) => void;
}

/**
 * Moves a file. The upload ends well only after the download has: what was cut off never looks like a whole file.
 * Resolves to the number of bytes.
 *
 * @throws what failed first.
 */
export async function relay(
  from: RemoteFile,
  to: RemoteFile,
  { signal, ...options }: RelayOptions,
): Promise<number> {
  const pipe = new Pipe();
  const end = new AbortController();
  const both = AbortSignal.any([signal, end.signal]);
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
    pipe.fail(error);
    end.abort(error);
  };
  const [, bytes] = await Promise.all([
    from.client.download(from.path, pipe, { ...options, signal: both }).then(() => pipe.end(), fail),
    // Only when there is something to store: a refused download must not harm what has the name there.
    pipe.ready().then(() => to.client.upload(pipe, to.path, { signal: both })).catch(fail),
  ]);
  if (failure) throw failure.error;
  return bytes ?? 0;
}

/** What is written on one side is read on the other; a write waits for its reader, so nothing piles up. */
class Pipe implements ByteSink, UploadSource {
  #data: Uint8Array = new Uint8Array();
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  #changed = Promise.withResolvers<void>();

  async write(data: Uint8Array): Promise<void> {
    this.#data = data;
    this.#change();
    await this.#until(() => this.#data.length === 0);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    await this.#until(() => this.#data.length > 0 || this.#isOver);
    if (this.#data.length === 0) return null;
    const piece = this.#data.subarray(0, buffer.length);
    buffer.set(piece);
    this.#data = this.#data.subarray(piece.length);
    this.#change();
    return piece.length;
  }

  /** Resolves when there is something to read, or the end of an empty file. */
  async ready(): Promise<void> {
    await this.#until(() => this.#data.length > 0 || this.#isOver);
  }

  end(): void {
    this.#isOver = true;
    this.#change();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#change();
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #until(isTrue: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure) throw this.#failure.error;
      if (isTrue()) return;
      await this.#changed.promise;
    }
  }
}
