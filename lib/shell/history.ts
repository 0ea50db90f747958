/**
 * Lines of earlier sessions, in a file that only its owner may read.
 *
 * @module
 */

import { dirname } from "@std/path";

/** Lines that are kept. */
export const HISTORY_LINES = 1000;

/** A file of lines, the latest at its end. */
export class History {
  readonly #path: string;
  #lines: string[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /** The lines of earlier sessions, the latest first; none if there is no such file. */
  async load(): Promise<readonly string[]> {
    const text = await Deno.readTextFile(this.#path).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    });
    this.#lines = text.split("\n").filter((line) => line !== "").slice(-HISTORY_LINES);
    return this.#lines.toReversed();
  }

  /** Adds a line, unless it is the last one already. */
  async add(line: string): Promise<void> {
    if (this.#lines.at(-1) === line) return;
    this.#lines.push(line);
    await Deno.mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    // Several shells at once add to one file: each line in one write at its end.
    using file = await Deno.open(this.#path, { append: true, create: true, mode: 0o600 });
    // It may have been made by hand, or restored with another mode.
    if (Deno.build.os !== "windows") await Deno.chmod(this.#path, 0o600);
    await file.write(new TextEncoder().encode(`${line}\n`));
  }

  /** Leaves the latest lines in the file, if it has become long. */
  async trim(): Promise<void> {
    const text = await Deno.readTextFile(this.#path).catch(() => "");
    const lines = text.split("\n").filter((line) => line !== "");
    if (lines.length <= 2 * HISTORY_LINES) return;
    const next = `${this.#path}.new`;
    await Deno.writeTextFile(next, lines.slice(-HISTORY_LINES).map((line) => `${line}\n`).join(""), { mode: 0o600 });
    await Deno.rename(next, this.#path);
  }
}
