/**
 * Small files of a user in JSON form, which several processes may change.
 *
 * @module
 */

import { dirname } from "@std/path";
import * as v from "valibot";
import { messageOf } from "../../net/message_of.ts";
import { AgentError } from "../errors.ts";

/** A file of mode 0600 with one JSON value. */
export class JsonFile<S extends v.GenericSchema> {
  readonly path: string;
  readonly #schema: S;
  readonly #empty: v.InferOutput<S>;

  /** @param empty the value while there is no file. */
  constructor(path: string, schema: S, empty: v.InferOutput<S>) {
    this.path = path;
    this.#schema = schema;
    this.#empty = empty;
  }

  /** Resolves to the value. @throws {AgentError} `wrongUse` if the file is unreadable or broken. */
  async read(): Promise<v.InferOutput<S>> {
    let text: string;
    try {
      text = await Deno.readTextFile(this.path);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return this.#empty;
      throw new AgentError("wrongUse", `File "${this.path}" cannot be read: ${messageOf(error)}`, { cause: error });
    }
    try {
      return v.parse(this.#schema, JSON.parse(text));
    } catch (cause) {
      throw new AgentError(
        "wrongUse",
        `File "${this.path}" is broken (${messageOf(cause)}): mend it, or move it away to start anew`,
        { cause },
      );
    }
  }

  /** Replaces the value by what `change` makes of it. Processes that do so in one moment take turns. */
  async update(change: (value: v.InferOutput<S>) => v.InferOutput<S>): Promise<void> {
    try {
      await Deno.mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
      using lock = await Deno.open(`${this.path}.lock`, { create: true, write: true, mode: 0o600 });
      await lock.lock(true);
      const text = `${JSON.stringify(change(await this.read()), null, 2)}\n`;
      const temporary = `${this.path}.${crypto.randomUUID()}`;
      await Deno.writeTextFile(temporary, text, { createNew: true, mode: 0o600 });
      await Deno.rename(temporary, this.path);
    } catch (error) {
      if (error instanceof AgentError) throw error;
      throw new AgentError("wrongUse", `File "${this.path}" cannot be written: ${messageOf(error)}`, { cause: error });
    }
  }
}
