/**
 * How the shell reaches servers: URLs, bookmarks and hosts, with the trust, the credentials and the proxies of all
 * client commands.
 *
 * @module
 */

import * as v from "valibot";
import { AgentError } from "../../agent/errors.ts";
import { type CredentialSources, findCredentials } from "../../agent/site/credentials.ts";
import { Bookmarks as BookmarkFile } from "../../agent/site/bookmarks.ts";
import { JsonFile } from "../../agent/site/json_file.ts";
import { type Environment, findPlaces, type Places } from "../../agent/site/places.ts";
import { formatFtpUrl, type FtpUrl, isFtpUrl, parseFtpUrl } from "../../agent/site/url.ts";
import type { DataMode } from "../../client/data_connection.ts";
import { bracketed, familyOf } from "../../net/ip.ts";
import { ShellError } from "../../shell/errors.ts";
import type { Bookmarks, Connected, ConnectOptions, Connector, Destination, Person } from "../../shell/ports.ts";
import type { QueueStore } from "../../shell/queue.ts";
import type { AgentContext } from "../agent/context.ts";

/** What a {@link SiteConnector} needs. */
export interface ConnectorParts {
  readonly context: AgentContext;
  readonly sources: CredentialSources;
  readonly places: Places | undefined;
  readonly person: Person;
}

/** Connects as every client command does. */
export class SiteConnector implements Connector {
  readonly #parts: ConnectorParts;

  constructor(parts: ConnectorParts) {
    this.#parts = parts;
  }

  async connect(destination: Destination, options: ConnectOptions): Promise<Connected> {
    const { context } = this.#parts;
    const named = await this.#urlOf(destination);
    const url: FtpUrl = {
      ...named,
      // The password of the URL is that of the user of the URL.
      ...(destination.user !== undefined && { user: destination.user, password: undefined }),
      ...(destination.password !== undefined && { password: destination.password }),
    };
    const credentials = await this.#credentials(url);
    const site = async (mode: DataMode) => await context.site(url, { credentials, mode });
    const connect = async ({ mode, signal }: ConnectOptions) => await (await site(mode)).connect(signal);
    const shown: FtpUrl = { ...url, user: credentials.user, password: undefined, path: "", isDirectory: true };
    return {
      client: await connect(options),
      label: formatFtpUrl(shown).replace(/\/$/, ""),
      host: url.host,
      path: url.path === "" ? undefined : url.path,
      urlOf: (directory) => formatFtpUrl({ ...shown, path: directory }),
      again: connect,
      site,
    };
  }

  /** A name is asked for where nothing says one. */
  async #credentials(url: FtpUrl) {
    const { person, sources } = this.#parts;
    const found = await findCredentials(url, sources);
    if (url.user !== undefined || found.user !== "anonymous" || !person.isInteractive) return found;
    const answer = await person.ask(`Name at ${url.host} (Enter for anonymous): `);
    if (answer === undefined) throw new ShellError("No name was given");
    return answer.trim() === "" ? found : await findCredentials({ ...url, user: answer.trim() }, sources);
  }

  async #urlOf({ target, port }: Destination): Promise<FtpUrl> {
    const url = await findServer(target, this.#parts.places);
    return port === undefined ? url : { ...url, port };
  }
}

/** A URL, else a bookmark, else a host, maybe with a name before it. @throws {AgentError} `wrongUse`. */
export async function findServer(target: string, places: Places | undefined): Promise<FtpUrl> {
  if (isFtpUrl(target)) return parseFtpUrl(target);
  const bookmark = await bookmarkFile(places)?.find(target);
  return bookmark ?? parseFtpUrl(`ftp://${familyOf(target) === 6 ? bracketed(target) : target}`);
}

/** The places of the user. Without a home there is no history, and there are no bookmarks. */
export function placesOrNone(environment: Environment): Places | undefined {
  try {
    return findPlaces(environment);
  } catch (error) {
    if (error instanceof AgentError) return undefined;
    throw error;
  }
}

function bookmarkFile(places: Places | undefined): BookmarkFile | undefined {
  return places && new BookmarkFile(places.bookmarks);
}

/** The bookmarks of the user; none where there is no place for them. */
export function shellBookmarks(places: Places | undefined): Bookmarks {
  const file = bookmarkFile(places);
  const required = (): BookmarkFile => {
    if (!file) throw new ShellError("There is no place for bookmarks", "Set HOME or XDG_CONFIG_HOME");
    return file;
  };
  return {
    list: async () => Array.from(await file?.all() ?? [], ([name, url]) => ({ name, url })),
    add: async (name, url) => await required().set(name, parseFtpUrl(url)),
    remove: async (name) => await required().remove(name),
  };
}

const QUEUE = v.object({
  queue: v.array(v.object({ server: v.string(), directory: v.string(), local: v.string(), line: v.string() })),
});

/** The queue of the user; none where there is no place for it. */
export function shellQueue(places: Places | undefined): QueueStore | undefined {
  if (!places) return undefined;
  const file = new JsonFile(places.queue, QUEUE, { queue: [] });
  return {
    read: async () => (await file.read()).queue,
    update: async (change) => await file.update(({ queue }) => ({ queue: [...change(queue)] })),
  };
}
