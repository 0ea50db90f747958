/**
 * The accounts file as a place to read and to change accounts.
 *
 * @module
 */

import type { AccountsPlace, AccountsRead, DocumentChange, EditOptions } from "../place.ts";
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

  async edit(change: DocumentChange, options?: EditOptions): Promise<void> {
    // A server that only reads the file goes without.
    const { editAccounts } = await import("./edit.ts");
    await editAccounts(this.file, change, options);
  }
}
