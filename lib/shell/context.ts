/**
 * What the commands of the shell work on.
 *
 * @module
 */

import type { DataMode } from "../client/data_connection.ts";
import { resolve } from "@std/path";
import { Background } from "./background.ts";
import { ShellError } from "./errors.ts";
import type { Bookmarks, Connected, Connector, Destination, Person, Programs, Progress } from "./ports.ts";
import type { QueueStore } from "./queue.ts";
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
  /** Where the queue is kept; absent: there is no place for it. */
  readonly queue?: QueueStore | undefined;
  /** Absolute path of the local directory that relative ones begin at. */
  readonly directory: string;
}

/** The state of a shell. */
export class ShellContext {
  readonly person: Person;
  readonly programs: Programs;
  readonly bookmarks: Bookmarks;
  readonly settings: Settings = { mode: "passive", ascii: false, hash: false, prompt: false };
  /** What runs beside the prompt. */
  readonly background = new Background();
  readonly queue: QueueStore | undefined;
  /** Whether lines of the queue are being run. */
  isQueueRunning = false;
  readonly #connector: Connector;
  #directory: string;
  #previous: string;
  #session: Session | undefined;
  #last: Destination | undefined;
  #isLeaving = false;
  #hasAskedToLeave = false;

  constructor({ person, programs, connector, bookmarks, queue, directory }: ShellParts) {
    this.queue = queue;
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
      this.#session = await this.#begin(connected);
    } catch (error) {
      await connected.client.close();
      throw error;
    }
  }

  /** A session beside the one that there is. The caller closes it. */
  async reach(destination: Destination, signal: AbortSignal): Promise<Connected> {
    return await this.#connector.connect(destination, { mode: this.settings.mode, signal });
  }

  /** The same state with a session of its own, for a command in the background. */
  async fork(person: Person, signal: AbortSignal): Promise<ShellContext> {
    const { programs, bookmarks, queue } = this;
    const { connected, directory } = this.remote;
    const parts = { person, programs, connector: this.#connector, bookmarks, queue, directory: this.#directory };
    const fork = new ShellContext(parts);
    Object.assign(fork.settings, this.settings, { prompt: false });
    const client = await connected.again({ mode: this.settings.mode, signal });
    fork.#session = await fork.#begin({ ...connected, client, path: directory });
    return fork;
  }

  #begin(connected: Connected): Promise<Session> {
    return Session.begin(connected, { note: (line) => this.person.note(line), mode: () => this.settings.mode });
  }

  /**
   * The shell is to end after this command. What runs in the background ends first in a script, and is stopped where a
   * person says so twice.
   *
   * @throws {ShellError} the first time.
   */
  async leave(signal: AbortSignal): Promise<void> {
    const running = this.background.jobs.length;
    if (running > 0 && this.person.isInteractive && !this.#hasAskedToLeave) {
      this.#hasAskedToLeave = true;
      throw new ShellError(
        `${running} commands run in the background`,
        '"jobs wait" waits for them, bye again stops them',
      );
    }
    if (running > 0 && !this.person.isInteractive) await this.background.wait(signal);
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
