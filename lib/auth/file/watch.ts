/**
 * The accounts of a file, kept up to date while the server runs.
 *
 * @module
 */

import { readAccountsFile, wasJudged } from "./read.ts";
import { type Account, type AccountsStore, MemoryAccounts } from "../accounts.ts";

const DEFAULT_INTERVAL = 2_000;

/** How a reload went. After a failure the accounts in memory are still those from before. */
export type ReloadOutcome =
  | { readonly ok: true; readonly accounts: number }
  | { readonly ok: false; readonly error: Error };

/** How the file is watched. */
export interface AccountsFileOptions {
  /** Milliseconds between two looks at the file; 0 for none. Default 2,000. */
  readonly interval?: number;
  /** Told after every reload, whoever asked for it. Must not throw. */
  readonly onReload?: (outcome: ReloadOutcome) => void;
}

/**
 * An {@link AccountsStore} over a file. It looks at the file's attributes every now and then instead of asking the system for events:
 * those do not reach bind mounts and network file systems, are lost when an editor replaces the file, and need the right to read
 * the whole directory. A change is taken once the file looks the same twice, so a file being written is left alone.
 */
export class AccountsFile implements AccountsStore, AsyncDisposable {
  readonly #path: string;
  readonly #onReload: (outcome: ReloadOutcome) => void;
  #accounts: MemoryAccounts;
  /** Attributes of the file when it was last read, good or bad; `undefined` where it could not be read, and will be tried again. */
  #taken: string | undefined;
  /** Attributes at the last look. */
  #seen: string;
  #timer: ReturnType<typeof setInterval> | undefined;
  #looking = false;
  /** Why the file cannot be read: said once, however often it is tried. */
  #obstacle: string | undefined;
  /** Ends when every reload asked for so far has: they run one after the other. */
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(path: string, accounts: MemoryAccounts, signature: string, options: AccountsFileOptions) {
    this.#path = path;
    this.#accounts = accounts;
    this.#taken = this.#seen = signature;
    this.#onReload = options.onReload ?? (() => {});
    const interval = options.interval ?? DEFAULT_INTERVAL;
    if (interval > 0) this.#timer = setInterval(() => this.#look(), interval);
  }

  /** Reads the file at `path` and begins to watch it. Rejects with `AccountsFileError` where it cannot be used. */
  static async open(path: string, options: AccountsFileOptions = {}): Promise<AccountsFile> {
    const signature = await signatureOf(path);
    return new AccountsFile(path, new MemoryAccounts(await readAccountsFile(path)), signature, options);
  }

  find(name: string): Account | undefined {
    return this.#accounts.find(name);
  }

  list(): readonly Account[] {
    return this.#accounts.list();
  }

  /** Reads the file again, after the reloads that are under way. Never rejects. */
  reload(): Promise<ReloadOutcome> {
    const outcome = this.#tail.then(() => this.#load({ repeated: false }));
    this.#tail = outcome;
    return outcome;
  }

  /** Ends the watch; resolves when nothing is under way any more. The accounts can still be asked for. */
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

  /** @param repeated an obstacle that is known is not reported again. */
  async #load({ repeated }: { readonly repeated: boolean }): Promise<ReloadOutcome> {
    // Before the content: a change in between shows at the next look.
    const signature = this.#seen = await signatureOf(this.#path);
    const outcome = await this.#read();
    // Whoever had no descriptor left, or a share that was away, has not seen what the file says.
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
      return { ok: false, error: error instanceof Error ? error : new Error(String(error)) };
    }
  }
}

/** Changes whenever the file does: written to, replaced, gone. */
async function signatureOf(path: string): Promise<string> {
  try {
    const { ino, size, mtime, ctime } = await Deno.stat(path);
    return [ino, size, mtime?.getTime(), ctime?.getTime()].join(" ");
  } catch {
    return "unreadable"; // Reading it says why.
  }
}
