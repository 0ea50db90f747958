/**
 * Files that lines are appended to: the log and the xferlog. They are opened again when asked, as what rotates them
 * has given them another name by then.
 *
 * @module
 */

import { messageOf } from "../../net/message_of.ts";
import { LineQueue } from "../../log/line_queue.ts";
import { UsageError } from "../usage_error.ts";
import type { Identity } from "./privileges.ts";

/** Of a file that is made: names, addresses and paths of users are not for everybody. */
const MODE = 0o640;

/** The options of {@link LineFile.open}. */
export interface LineFileOptions {
  /** What the file is, for messages: `log` or `xferlog`. */
  readonly what: string;
  /** Whom a file that is made belongs to, as the server will not be root when it opens the file again. */
  readonly owner: Identity | undefined;
  /** Called with a number of lines that could not be written, once a line can be written again. */
  readonly onLost: (lines: number) => void;
}

/** A file with a queue before it: writing a line never waits. Disposing it waits for the last line. */
export class LineFile implements AsyncDisposable {
  readonly lines: LineQueue;
  readonly #path: string;
  readonly #what: string;
  #file: Deno.FsFile;
  #reopening: Promise<void> = Promise.resolve();

  private constructor(path: string, file: Deno.FsFile, { what, onLost }: LineFileOptions) {
    this.#path = path;
    this.#what = what;
    this.#file = file;
    this.lines = new LineQueue((bytes) => this.#file.write(bytes), { onLost });
  }

  /**
   * Opens `path` for appending; a file that is not there is made with the mode 0640.
   *
   * @throws {UsageError} if it cannot be opened.
   */
  static async open(path: string, options: LineFileOptions): Promise<LineFile> {
    try {
      return new LineFile(path, await openOrMake(path, options.owner), options);
    } catch (error) {
      throw new UsageError(cannotOpen(options.what, path, error));
    }
  }

  /**
   * Continues in the file that has the name now. The lines before go to the old file. Rejects with a message for
   * people when that fails; the old file stays in use then.
   */
  reopen(): Promise<void> {
    const reopened = this.#reopening.then(() => this.#reopen());
    this.#reopening = reopened.catch(() => {});
    return reopened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reopening;
    await this.lines.settle();
    this.#file.close();
  }

  async #reopen(): Promise<void> {
    let fresh: Deno.FsFile;
    try {
      fresh = await Deno.open(this.#path, { append: true, create: true, mode: MODE });
    } catch (error) {
      throw new Error(`${cannotOpen(this.#what, this.#path, error)}; the old file stays in use`);
    }
    await this.lines.redirect(() => {
      this.#file.close();
      this.#file = fresh;
    });
  }
}

async function openOrMake(path: string, owner: Identity | undefined): Promise<Deno.FsFile> {
  try {
    const made = await Deno.open(path, { append: true, createNew: true, mode: MODE });
    if (owner) await Deno.chown(path, owner.uid, owner.gid);
    return made;
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    return await Deno.open(path, { append: true });
  }
}

function cannotOpen(what: string, path: string, error: unknown): string {
  return `Cannot open ${what} "${path}": ${messageOf(error)}`;
}
