/**
 * An account on its way from another server: its fields, and what could not be taken over. What would be lost and
 * limited it there disables it, until an administrator has decided: moving in never gives more than there was.
 *
 * @module
 */

import { ANONYMOUS, canonicalName } from "../../../auth/accounts.ts";
import { type AccountField, type AccountJson, readAccount } from "../../../auth/file/schema.ts";
import { foreignHashProblem } from "../../../auth/hashes/kinds.ts";
import { decoyHash, isPasswordHash } from "../../../auth/password.ts";
import { type Network, parseNetwork } from "../../../net/ip.ts";

/** What becomes of one account. */
export interface Imported {
  /** As the other server has it. */
  readonly name: string;
  /** For the accounts file; `undefined`: the account cannot be taken over. */
  readonly account: AccountJson | undefined;
  /** What is different, one line each. */
  readonly notes: readonly string[];
}

/** Collects the fields of an account. */
export class AccountDraft {
  readonly #name: string;
  readonly #fields = new Map<AccountField, unknown>();
  readonly #notes: string[] = [];
  #isLost = false;

  constructor(name: string) {
    this.#name = name;
  }

  /** Sets a field; `undefined` leaves it as it is. */
  set(field: AccountField, value: unknown): void {
    if (value !== undefined) this.#fields.set(field, value);
  }

  /** Something that is different, and no loss. */
  note(text: string): void {
    this.#notes.push(text);
  }

  /** A limit that accounts here do not have: without it the account could do more than before. */
  limit(text: string): void {
    this.#notes.push(`${text}: there is no such limit here, so the account is disabled`);
    this.#fields.set("enabled", false);
  }

  /** The account was disabled there. */
  disable(text: string): void {
    this.#notes.push(`${text}: disabled`);
    this.#fields.set("enabled", false);
  }

  /** Nothing can be taken over. */
  lose(reason: string): void {
    this.#notes.push(`Not taken over: ${reason}`);
    this.#isLost = true;
  }

  /** Takes a hash, or one that no password has. */
  password(hash: string): void {
    if (isPasswordHash(hash)) return this.set("password", hash);
    const problem = hash === "" ? "There is no password" : foreignHashProblem(hash) ?? "The hash is of an unknown kind";
    this.note(`${problem}: no password opens the account, give it one with "denoftpd user passwd"`);
    this.set("password", decoyHash());
  }

  /** The networks that may log in, and those that may not. */
  networks(allowed: readonly string[], denied: readonly string[]): void {
    const [from, notFrom] = [allowed.map(parseNetwork), denied.map(parseNetwork)];
    if (from.includes(undefined)) this.limit(`Logins from names (${allowed.join(", ")})`);
    else if (from.length > 0) this.set("allowFrom", allowed);
    const overlaps = notFrom.some((network) => from.length === 0 || from.some((other) => overlap(network, other)));
    if (overlaps) this.limit(`No logins from ${denied.join(", ")}`);
  }

  /** The result; `directory` is that of the accounts file. */
  finish(directory: string): Imported {
    const name = canonicalName(this.#name);
    if (name === ANONYMOUS) this.lose(`"${this.#name}" is the anonymous account here, see docs/accounts.md`);
    const account = { name, ...Object.fromEntries(this.#fields) };
    const checked = this.#isLost ? [] : readAccount(account, directory, new Map());
    if (Array.isArray(checked)) { for (const { at, message } of checked) this.lose(`field "${at}": ${message}`); }
    return { name: this.#name, account: this.#isLost ? undefined : account, notes: this.#notes };
  }
}

function overlap(one: Network | undefined, other: Network | undefined): boolean {
  if (!one || !other) return true;
  return one.contains(baseOf(other)) || other.contains(baseOf(one));
}

function baseOf({ text }: Network): string {
  return text.split("/", 1).join();
}
