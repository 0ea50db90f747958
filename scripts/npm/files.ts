/**
 * The files of a fixture, over its control interface.
 *
 * @module
 */

import type { FixtureFiles, FixtureSnapshot } from "./api.ts";
import { type Control, FixtureError, type Question } from "./control.ts";

/** One tree of files. */
export class RemoteFiles implements FixtureFiles {
  readonly #control: Control;
  readonly #query: { readonly label?: string };

  constructor(control: Control, label?: string) {
    this.#control = control;
    this.#query = label === undefined ? {} : { label };
  }

  async read(path: string): Promise<Uint8Array> {
    return new Uint8Array(await this.#at(path));
  }

  async readText(path: string): Promise<string> {
    return new TextDecoder().decode(await this.read(path));
  }

  async write(path: string, content: string | Uint8Array): Promise<void> {
    await this.#at(path, { method: "PUT", bytes: content });
  }

  async mkdir(path: string): Promise<void> {
    await this.#at(`${path}/`, { method: "PUT" });
  }

  async exists(path: string): Promise<boolean> {
    try {
      await this.#ask(`/exists${encoded(path)}`);
      return true;
    } catch (error) {
      if (error instanceof FixtureError && error.status === 404) return false;
      throw error;
    }
  }

  async remove(path: string): Promise<void> {
    await this.#at(path, { method: "DELETE" });
  }

  async list(directory: string = "/"): Promise<string[]> {
    return await this.#control.ask(`/files${encoded(`${directory}/`)}`, { query: this.#query });
  }

  async texts(directory?: string): Promise<Record<string, string>> {
    const texts: Record<string, string> = {};
    for (const path of await this.list(directory)) if (!path.endsWith("/")) texts[path] = await this.readText(path);
    return texts;
  }

  async snapshot(): Promise<FixtureSnapshot> {
    return await this.#control.ask("/snapshot", { method: "POST", query: this.#query });
  }

  async restore({ id }: FixtureSnapshot): Promise<void> {
    await this.#ask("/restore", { method: "POST", json: { id } });
  }

  async reset(): Promise<void> {
    await this.#ask("/reset-files", { method: "POST" });
  }

  #at(path: string, question: Question = {}): Promise<Uint8Array> {
    return this.#ask(`/files${encoded(path)}`, question);
  }

  #ask(path: string, question: Question = {}): Promise<Uint8Array> {
    return this.#control.fetch(path, { ...question, query: this.#query });
  }
}

function encoded(path: string): string {
  return `/${path}`.replaceAll(/\/+/g, "/").split("/").map(encodeURIComponent).join("/");
}
