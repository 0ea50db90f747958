/**
 * What the commands of the shell work on.
 *
 * @module
 */

import type { DataMode } from "../client/data_connection.ts";
import { resolve } from "@std/path";
import { ShellError } from "./errors.ts";
import type { Bookmarks, Connector, Destination, Person, Programs, Progress } from "./ports.ts";
import { Session } from "./remote.ts";

/** What people have set. */
export interface Settings {
  mode: DataMode;
  /** Whether transfers convert line ends (TYPE A). */
  ascii: boolean;
  /** Whether progress is shown by `#` instead of a bar. */
  hash: boolean;
  /** Whether commands for several files ask before each one. */
  prompt: boolean;
}

/** The parts of a {@link ShellContext}. */
export interface ShellParts {
  readonly person: Person;
  readonly programs: Programs;
  readonly connector: Connector;
  readonly bookmarks: Bookmarks;
  /** Absolute path of the local directory that relative ones begin at. */
  readonly directory: string;
}

/** The state of a shell. */
export class ShellContext {
  readonly person: Person;
  readonly programs: Programs;
  readonly bookmarks: Bookmarks;
  readonly settings: Settings = { mode: "passive", ascii: false, hash: false, prompt: false };
  readonly #connector: Connector;
  #directory: string;
  #previous: string;
  #session: Session | undefined;
  #last: Destination | undefined;
  #isLeaving = false;

  constructor({ person, programs, connector, bookmarks, directory }: ShellParts) {
    this.person = person;
    this.programs = programs;
    this.bookmarks = bookmarks;
    this.#connector = connector;
    this.#directory = this.#previous = directory;
  }

  /** The local working directory. */
  get localDirectory(): string {
    return this.#directory;
  }

  /** The session, if there is one. */
  get session(): Session | undefined {
    return this.#session;
  }

  /** The destination of the last `open`, whether it succeeded or not; without its password. */
  get lastDestination(): Destination | undefined {
    return this.#last;
  }

  /** @throws {ShellError} without a session. */
  get remote(): Session {
    if (!this.#session) throw new ShellError("Not connected", 'Connect with "open ftp://user@host"');
    return this.#session;
  }

  /** The absolute local path of `path`; `~` is the home directory only in the shell's own places. */
  local(path: string): string {
    return resolve(this.#directory, path);
  }

  /** Makes `path` the local working directory; `-` is the one before. */
  async changeLocal(path: string): Promise<void> {
    const next = path === "-" ? this.#previous : this.local(path);
    const info = await Deno.stat(next).catch(() => undefined);
    if (!info?.isDirectory) throw new ShellError(`${path} is not a directory here`);
    [this.#previous, this.#directory] = [this.#directory, next];
  }

  /** Shows how far a transfer is, as people have set it. */
  progress(name: string, size: number | undefined): Progress {
    return this.settings.hash ? hashMarks(this.person) : this.person.progress(name, size);
  }

  /** Connects, instead of the session that there is. */
  async connect(destination: Destination, signal: AbortSignal): Promise<void> {
    await this.disconnect();
    const { password: _secret, ...last } = destination;
    this.#last = last;
    const connected = await this.#connector.connect(destination, { mode: this.settings.mode, signal });
    try {
      this.#session = await Session.begin(connected, {
        note: (line) => this.person.note(line),
        mode: () => this.settings.mode,
      });
    } catch (error) {
      await connected.client.close();
      throw error;
    }
  }

  /** The shell is to end after this command. */
  leave(): void {
    this.#isLeaving = true;
  }

  /** Whether `leave` was called. */
  get isLeaving(): boolean {
    return this.#isLeaving;
  }

  /** Ends the session. Never rejects. */
  async disconnect(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }
}

/** Bytes for each mark of `hash`. */
const HASH_BYTES = 64 * 1024;

/** A `#` for each 64 KiB, as ftp shows it. */
function hashMarks(person: Person): Progress {
  let shown = 0;
  return {
    update: (bytes) => {
      const marks = Math.floor(bytes / HASH_BYTES);
      if (marks > shown) void person.write("#".repeat(marks - shown));
      shown = marks;
    },
    end: () => {
      if (shown > 0) void person.write("\n");
    },
  };
}
