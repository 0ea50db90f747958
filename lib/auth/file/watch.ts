/**
 * The accounts of a file, kept up to date while the server runs.
 *
 * @module
 */

import { errorOf } from "../../net/message_of.ts";
import { readAccountsFile } from "./read.ts";
import { type Account, MemoryAccounts } from "../accounts.ts";
import { wasJudged } from "../accounts_error.ts";
import type { ReloadOutcome, WatchedAccounts } from "../place.ts";

const DEFAULT_INTERVAL = 2_000;

/** How the file is watched. */
export interface AccountsFileOptions {
  /**
   * Milliseconds between two checks of the file; 0: none.
   *
   * @default 2_000
   */
  readonly interval?: number;
  /** Called after every reload, whatever triggered it. Must not throw. */
  readonly onReload?: (outcome: ReloadOutcome) => void;
}

/**
 * An {@link AccountsStore} over a file. It polls the file's attributes instead of subscribing to events of the system:
 * those do not reach bind mounts and network file systems, are lost when an editor replaces the file, and need
 * permission to read the whole directory. A change is loaded once two checks in a row find the same attributes, so a
 * file that is still being written is left alone.
 */
export class AccountsFile implements WatchedAccounts {
  readonly #path: string;
  readonly #onReload: (outcome: ReloadOutcome) => void;
  #accounts: MemoryAccounts;
  /**
   * Attributes of the file when it was last read, valid or not; `undefined` if it could not be read and will be tried
   * again.
   */
  #taken: string | undefined;
  /** Attributes at the last check. */
  #seen: string;
  #timer: ReturnType<typeof setInterval> | undefined;
  #looking = false;
  /** Why the file cannot be read: reported once, however often it is tried. */
  #obstacle: string | undefined;
  /** Settles when every reload requested so far has ended: they run one after the other. */
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(path: string, accounts: MemoryAccounts, signature: string, options: AccountsFileOptions) {
    this.#path = path;
    this.#accounts = accounts;
    this.#taken = this.#seen = signature;
    this.#onReload = options.onReload ?? (() => {});
    const interval = options.interval ?? DEFAULT_INTERVAL;
    if (interval > 0) this.#timer = setInterval(() => this.#look(), interval);
  }

  /** Reads the file at `path` and starts watching it. Rejects with `AccountsFileError` if it cannot be used. */
  static async open(path: string, options: AccountsFileOptions = {}): Promise<AccountsFile> {
    const signature = await signatureOf(path);
    return new AccountsFile(path, new MemoryAccounts(await readAccountsFile(path)), signature, options);
  }

  /** Why the file cannot be read now; `undefined`: it can. */
  get trouble(): string | undefined {
    return this.#obstacle;
  }

  find(name: string): Account | undefined {
    return this.#accounts.find(name);
  }

  list(): readonly Account[] {
    return this.#accounts.list();
  }

  /** Reads the file again, after the reloads that are running. Never rejects. */
  reload(): Promise<ReloadOutcome> {
    const outcome = this.#tail.then(() => this.#load({ repeated: false }));
    this.#tail = outcome;
    return outcome;
  }

  /** Stops watching; resolves when nothing is running any more. The accounts can still be looked up. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#tail;
  }

  #look(): void {
    if (this.#looking) return;
    this.#looking = true;
    this.#tail = this.#tail.then(() => this.#compare()).finally(() => this.#looking = false);
  }

  async #compare(): Promise<void> {
    const before = this.#seen;
    this.#seen = await signatureOf(this.#path);
    if (this.#timer !== undefined && this.#seen === before && this.#seen !== this.#taken) {
      await this.#load({ repeated: true });
    }
  }

  /** @param repeated do not report a known obstacle again. */
  async #load({ repeated }: { readonly repeated: boolean }): Promise<ReloadOutcome> {
    // Before the content is read: a change in between is noticed by the next check.
    const signature = this.#seen = await signatureOf(this.#path);
    const outcome = await this.#read();
    // Without a free descriptor, or with an unavailable share, the content of the file has not been seen at all.
    const obstacle = outcome.ok || wasJudged(outcome.error) ? undefined : outcome.error.message;
    this.#taken = obstacle === undefined ? signature : undefined;
    if (!repeated || obstacle === undefined || obstacle !== this.#obstacle) this.#onReload(outcome);
    this.#obstacle = obstacle;
    return outcome;
  }

  async #read(): Promise<ReloadOutcome> {
    try {
      const accounts = await readAccountsFile(this.#path);
      this.#accounts = new MemoryAccounts(accounts);
      return { ok: true, accounts: accounts.length };
    } catch (error) {
      return { ok: false, error: errorOf(error) };
    }
  }
}

/** Changes whenever the file does: modified, replaced, removed. */
async function signatureOf(path: string): Promise<string> {
  try {
    const { ino, size, mtime, ctime } = await Deno.stat(path);
    return [ino, size, mtime?.getTime(), ctime?.getTime()].join(" ");
  } catch {
    return "unreadable"; // Reading it will report the reason.
  }
}
