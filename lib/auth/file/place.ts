/**
 * The accounts file as a place to read and to change accounts.
 *
 * @module
 */

import type { AccountsPlace, AccountsRead, DocumentChange, EditOptions } from "../place.ts";
import { editAccounts } from "./edit.ts";
import { type AccountsDocument, parseDocument, readAccountsFile, readAccountsText } from "./read.ts";

/** The file at a path. */
export class FilePlace implements AccountsPlace {
  constructor(readonly file: string) {}

  get name(): string {
    return this.file;
  }

  async read(): Promise<AccountsRead> {
    return { accounts: await readAccountsFile(this.file), problems: [] };
  }

  async document(): Promise<AccountsDocument> {
    return parseDocument(await readAccountsText(this.file), this.file);
  }

  edit(change: DocumentChange, options?: EditOptions): Promise<void> {
    return editAccounts(this.file, change, options);
  }
}
