/**
 * The session of the shell: connects again where the server has closed the connection, and remembers listings for
 * completion.
 *
 * @module
 */

import type { Client } from "../client/client.ts";
import type { DataMode } from "../client/data_connection.ts";
import { ClientError } from "../client/errors.ts";
import { printable } from "../client/names.ts";
import type { RemoteEntry, RemoteListing } from "../client/remote_entry.ts";
import { directoryOf, nameOf, resolvePath } from "./paths.ts";
import type { Connected } from "./ports.ts";

/** Milliseconds for which completion believes a listing. */
const LISTING_AGE = 60_000;
/** Milliseconds that an aborted command has to come to its end before the connection is closed. */
const GRACE = 3_000;

/** What a session has to do with the shell around it. */
export interface Surroundings {
  note(line: string): void;
  /** Who is to open data connections now. */
  mode(): DataMode;
}

/** A login, and the directory it is in. */
export class Session {
  readonly connected: Connected;
  /** The directory in which it began. */
  readonly home: string;
  readonly #around: Surroundings;
  readonly #listings = new Map<string, { readonly listing: RemoteListing; readonly at: number }>();
  #client: Client;
  #mode: DataMode;
  #directory: string;
  #previous: string;

  private constructor(connected: Connected, directory: string, around: Surroundings) {
    this.connected = connected;
    this.#client = connected.client;
    this.home = this.#directory = this.#previous = directory;
    this.#around = around;
    this.#mode = around.mode();
  }

  /** Begins in the directory of the URL, or where the server lets the account begin. */
  static async begin(connected: Connected, around: Surroundings): Promise<Session> {
    const { client, path } = connected;
    if (path !== undefined && path !== "") {
      await client.changeDirectory(path).catch((error) => {
        if (!(error instanceof ClientError && error.kind === "reply" && client.isOpen)) throw error;
        around.note(printable(`${path} cannot be entered: ${error.code} ${error.reply}`));
      });
    }
    return new Session(connected, await whereabouts(client), around);
  }

  /** The working directory. */
  get directory(): string {
    return this.#directory;
  }

  /** The working directory before the last change. */
  get previous(): string {
    return this.#previous;
  }

  /** Whether the connection is open, as far as is known. */
  get isOpen(): boolean {
    return this.#client.isOpen;
  }

  /** The absolute path of `path`. */
  resolve(path: string): string {
    return resolvePath(this.#directory, path);
  }

  /**
   * Runs `work` with a client that is connected. An abort that `work` does not heed closes the connection.
   *
   * @throws as `work` does, or the reason of the signal.
   */
  async use<T>(signal: AbortSignal, work: (client: Client) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const client = await this.#open(signal);
    return await heeding(signal, work(client), () => {
      this.#around.note("The connection was closed, the next command connects again");
      void client.close();
    });
  }

  /** As {@link use}, for what may be done twice: where the server has just closed the connection, once more. */
  async ask<T>(signal: AbortSignal, work: (client: Client) => Promise<T>): Promise<T> {
    try {
      return await this.use(signal, work);
    } catch (error) {
      if (!isGone(error)) throw error;
      await this.#client.close();
      return await this.use(signal, work);
    }
  }

  /** Changes the working directory. */
  async change(path: string, signal: AbortSignal): Promise<void> {
    await this.ask(signal, (client) => client.changeDirectory(path));
    await this.refresh(signal);
  }

  /** Asks the server where the session is. */
  async refresh(signal: AbortSignal): Promise<void> {
    const directory = await this.ask(signal, whereabouts);
    if (directory !== this.#directory) this.#previous = this.#directory;
    this.#directory = directory;
  }

  /** The entries of a directory, from the server. */
  async list(path: string, signal: AbortSignal): Promise<RemoteListing> {
    const key = this.resolve(path);
    const listing = await this.ask(signal, (client) => client.list(path === "" ? undefined : path, { signal }));
    this.#listings.set(key, { listing, at: Date.now() });
    return listing;
  }

  /** The entries of a directory, from a listing of the last minute if there is one. */
  async listKnown(path: string, signal: AbortSignal): Promise<readonly RemoteEntry[]> {
    return this.#known(path) ?? (await this.list(path, signal)).entries;
  }

  /** One entry, from a listing of its directory; `undefined` if it is not there. */
  async find(path: string, signal: AbortSignal): Promise<RemoteEntry | undefined> {
    const absolute = this.resolve(path);
    return (await this.list(directoryOf(absolute), signal)).entries.find(({ name }) => name === nameOf(absolute));
  }

  /** Makes a directory and all above it that are missing. */
  async makeAll(path: string, signal: AbortSignal): Promise<void> {
    const parts = this.resolve(path).slice(1).split("/");
    let failure: unknown;
    for (const length of parts.keys()) {
      const directory = `/${parts.slice(0, length + 1).join("/")}`;
      // Servers refuse what is there already with the same code as what they do not allow.
      failure = await this.use(signal, (client) => client.makeDirectory(directory)).then(() => undefined, (e) => e);
    }
    if (failure === undefined) return;
    signal.throwIfAborted();
    this.forget();
    if ((await this.find(path, signal))?.kind !== "directory") throw failure;
  }

  /** Something was changed there: listings are out of date. */
  forget(): void {
    this.#listings.clear();
  }

  /** Says QUIT. Never rejects. */
  async close(): Promise<void> {
    await this.#client.close();
  }

  #known(path: string): readonly RemoteEntry[] | undefined {
    const known = this.#listings.get(this.resolve(path));
    return known && Date.now() - known.at < LISTING_AGE ? known.listing.entries : undefined;
  }

  async #open(signal: AbortSignal): Promise<Client> {
    const mode = this.#around.mode();
    if (this.#client.isOpen && mode === this.#mode) return this.#client;
    await this.#client.close();
    this.#client = await this.connected.again({ mode, signal });
    if (mode === this.#mode) this.#around.note("Connected again");
    this.#mode = mode;
    if (await whereabouts(this.#client) !== this.#directory) await this.#client.changeDirectory(this.#directory);
    return this.#client;
  }
}

async function whereabouts(client: Client): Promise<string> {
  try {
    return await client.workingDirectory();
  } catch (error) {
    if (error instanceof ClientError && error.kind === "protocol") return "/";
    throw error;
  }
}

/** The connection was closed before the server has done anything about the command. */
function isGone(error: unknown): boolean {
  return error instanceof ClientError && (error.kind === "closed" || error.code === 421);
}

/** Resolves as `work`; some time after an abort `giveUp` is called, and the reason thrown. */
async function heeding<T>(signal: AbortSignal, work: Promise<T>, giveUp: () => void): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  const start = (): void => {
    timer = setTimeout(() => {
      giveUp();
      reject(signal.reason);
    }, GRACE);
  };
  signal.addEventListener("abort", start, { once: true });
  try {
    return await Promise.race([work, overdue]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", start);
    work.catch(() => {});
  }
}
