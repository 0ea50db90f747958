/**
 * Names for URLs that are often used.
 *
 * @module
 */

import * as v from "valibot";
import { AgentError } from "../errors.ts";
import { JsonFile } from "./json_file.ts";
import { formatFtpUrl, type FtpUrl, parseFtpUrl } from "./url.ts";

const SCHEMA = v.object({ bookmarks: v.record(v.string(), v.string()) });

/** The bookmarks of a user. Passwords are never in them. */
export class Bookmarks {
  readonly #file: JsonFile<typeof SCHEMA>;

  /** @param path of the file. */
  constructor(path: string) {
    this.#file = new JsonFile(path, SCHEMA, { bookmarks: {} });
  }

  /** The URL of each name. */
  async all(): Promise<ReadonlyMap<string, string>> {
    return new Map(Object.entries((await this.#file.read()).bookmarks));
  }

  /** The URL of `name`; `undefined` if there is none. */
  async find(name: string): Promise<FtpUrl | undefined> {
    const { bookmarks } = await this.#file.read();
    const text = Object.hasOwn(bookmarks, name) ? bookmarks[name] : undefined;
    return text === undefined ? undefined : parseFtpUrl(text);
  }

  /** Keeps `url`, without its password. @throws {AgentError} `wrongUse` for a name that could be a URL or a path. */
  async set(name: string, url: FtpUrl): Promise<void> {
    if (!/^[\p{L}\p{N}_.+-]+$/u.test(name)) {
      throw new AgentError("wrongUse", `Bookmark "${name}" must consist of letters, digits and "_", ".", "+", "-"`);
    }
    await this.#file.update(({ bookmarks }) => ({ bookmarks: { ...bookmarks, [name]: formatFtpUrl(url) } }));
  }

  /** Removes `name`. Resolves to whether it was there. */
  async remove(name: string): Promise<boolean> {
    if (!(await this.all()).has(name)) return false;
    await this.#file.update(({ bookmarks: { [name]: _gone, ...bookmarks } }) => ({ bookmarks }));
    return true;
  }
}
