/**
 * Where accounts are kept, to be read, watched and changed: what a file and a database have in common.
 *
 * @module
 */

import type { Account, AccountsStore } from "./accounts.ts";
import type { AccountsDocument } from "./file/read.ts";
import type { AccountJson } from "./file/schema.ts";
import { isObject } from "./file/values.ts";

/** A change of all that is kept: returns what shall be there, or throws to leave everything as it is. */
export type DocumentChange = (document: AccountsDocument) => AccountsDocument;

/** How to treat a place where nothing is yet. */
export interface EditOptions {
  /**
   * Create the file, readable only by its owner, instead of failing. A database has to be there.
   *
   * @default false
   */
  readonly create?: boolean;
}

/** What was read. */
export interface AccountsRead {
  readonly accounts: readonly Account[];
  /** Why others are refused, a line each. Always empty for a file: that is valid as a whole, or not used. */
  readonly problems: readonly string[];
}

/** A file or a database with accounts. Every method rejects with `AccountsError`. */
export interface AccountsPlace {
  /** For messages, without a password: the path of the file, or the URL of the database. */
  readonly name: string;
  /** The path of the file; `undefined` for a database. */
  readonly file: string | undefined;
  /** All accounts. */
  read(): Promise<AccountsRead>;
  /** What is kept, as it is. */
  document(): Promise<AccountsDocument>;
  /**
   * Applies `change` to what is kept now, checks the result and keeps it, all of it or nothing. Concurrent edits wait
   * for each other. Rejects with what `change` throws, too.
   */
  edit(change: DocumentChange, options?: EditOptions): Promise<void>;
}

/** The outcome of a reload. After a failure the previous accounts stay in memory. */
export type ReloadOutcome =
  | { readonly ok: true; readonly accounts: number }
  | { readonly ok: false; readonly error: Error };

/** Accounts in memory that follow the place where they are kept. Disposing it ends that. */
export interface WatchedAccounts extends AccountsStore, AsyncDisposable {
  /** Reads them again, after the reloads that are running. Never rejects. */
  reload(): Promise<ReloadOutcome>;
  /** Why the place cannot be reached now; `undefined`: it can. The accounts in memory stay in use. */
  readonly trouble: string | undefined;
}

/** Whether `value` can be told from other accounts. */
export function isAccountJson(value: unknown): value is AccountJson {
  return isObject(value) && typeof value.name === "string";
}

/** The change that applies `change` to the accounts alone. */
export function ofAccounts(change: (accounts: readonly AccountJson[]) => readonly AccountJson[]): DocumentChange {
  return (document) => ({ ...document, accounts: [...change(document.accounts.filter(isAccountJson))] });
}
