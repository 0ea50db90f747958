/**
 * The directory of `--state`: made for the user that the server becomes, and opened as that user.
 *
 * @module
 */

import { resolve } from "@std/path";
import type { BanStore } from "../../auth/bans.ts";
import type { EventStream } from "../../events.ts";
import { messageOf } from "../../net/message_of.ts";
import { BanTable } from "../../state/ban_table.ts";
import { UploadTable } from "../../state/upload_table.ts";
import { NoDatabase, StateError, StateStore } from "../../state/store.ts";
import { UsageError } from "../usage_error.ts";
import type { Identity } from "./privileges.ts";

/** Rights of others on a directory or file. */
const WRITABLE_BY_OTHERS = 0o022;

/** What a server keeps over a restart. */
export class ServerState implements Disposable {
  readonly #directory: string;
  readonly #events: EventStream;
  readonly #bans: BanTable;
  #store: StateStore | undefined;
  #uploads: UploadTable | undefined;

  /**
   * Makes the directory with mode 0700 where it is missing.
   *
   * @param options `owner`: the user that the server will become.
   * @throws {UsageError} if that fails, or if others can write to it.
   */
  constructor(directory: string, { events, owner }: {
    readonly events: EventStream;
    readonly owner: Identity | undefined;
  }) {
    this.#directory = resolve(directory);
    this.#events = events;
    this.#bans = new BanTable({
      onFailure: (error) =>
        events.emit({ type: "problem", level: "error", message: "Bans are not kept over a restart", error }),
    });
    makeDirectory(this.#directory, owner);
  }

  /** Keeps bans once the state is {@link open}. */
  get bans(): BanStore {
    return this.#bans;
  }

  /** Keeps uploads to object stores; `undefined` before the state is {@link open}, and where nothing is kept. */
  get uploads(): UploadTable | undefined {
    return this.#uploads;
  }

  /**
   * Opens what is there, as the user of the process. Without a database in the runtime nothing is kept, and a warning
   * says so.
   *
   * @throws {UsageError} if it cannot be opened.
   */
  async open(): Promise<void> {
    try {
      this.#store = await StateStore.open(this.#directory);
      this.#bans.attach(this.#store);
      this.#uploads = new UploadTable(this.#store);
    } catch (error) {
      if (error instanceof StateError) throw new UsageError(`Flag "--state": ${error.message}`);
      if (!(error instanceof NoDatabase)) throw error;
      const message = `Nothing is kept in "${this.#directory}": this runtime has no node:sqlite (${error.message})`;
      this.#events.emit({ type: "problem", level: "warning", message });
    }
  }

  [Symbol.dispose](): void {
    this.#store?.[Symbol.dispose]();
  }
}

function makeDirectory(directory: string, owner: Identity | undefined): void {
  try {
    Deno.mkdirSync(directory, { recursive: false, mode: 0o700 });
    if (owner) Deno.chownSync(directory, owner.uid, owner.gid);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) {
      throw new UsageError(`Flag "--state": cannot make the directory "${directory}": ${messageOf(error)}`);
    }
  }
  const { isDirectory, mode } = Deno.statSync(directory);
  if (!isDirectory) throw new UsageError(`Flag "--state" must name a directory, not the file "${directory}"`);
  if (mode !== null && (mode & WRITABLE_BY_OTHERS) !== 0 && Deno.build.os !== "windows") {
    throw new UsageError(
      `Flag "--state": others can write to "${directory}", and so end bans: run chmod 700 on it, or name another one`,
    );
  }
}
