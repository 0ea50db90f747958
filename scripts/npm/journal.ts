/**
 * The journal of a fixture, over its control interface.
 *
 * @module
 */

import type {
  Journal,
  JournalEntry,
  JournalEntryOf,
  JournalPattern,
  JournalType,
  SequenceOptions,
  SequenceStep,
  WaitOptions,
} from "./api.ts";
import { type Control, FixtureError, SequenceError } from "./control.ts";

interface Page {
  readonly entries: readonly JournalEntry[];
  readonly last: number;
  readonly dropped: number;
}

const DEFAULT_TIMEOUT = 10_000;

/** The record of what happened. */
export class RemoteJournal implements Journal {
  readonly #control: Control;

  constructor(control: Control) {
    this.#control = control;
  }

  get dropped(): Promise<number> {
    return this.#page().then(({ dropped }) => dropped);
  }

  get entries(): Promise<readonly JournalEntry[]> {
    return this.#page().then(({ entries }) => entries);
  }

  get last(): Promise<number> {
    return this.#page().then(({ last }) => last);
  }

  async commands({ user, session }: Pick<SequenceOptions, "user" | "session"> = {}): Promise<string[]> {
    const { entries } = await this.#page({ type: "command", user, session });
    return entries.flatMap((entry) => entry.type === "command" ? [entry.line] : []);
  }

  async transcript({ user, session }: Pick<SequenceOptions, "user" | "session"> = {}): Promise<string> {
    return new TextDecoder().decode(await this.#control.fetch("/transcript", { query: { user, session } }));
  }

  waitFor<T extends JournalType>(pattern: JournalPattern<T>, options?: WaitOptions): Promise<JournalEntryOf<T>>;
  waitFor(matches: (entry: JournalEntry) => boolean, options?: WaitOptions): Promise<JournalEntry>;
  async waitFor(
    wanted: JournalPattern<JournalType> | ((entry: JournalEntry) => boolean),
    { after = 0, timeout = DEFAULT_TIMEOUT }: WaitOptions = {},
  ): Promise<JournalEntry> {
    if (typeof wanted === "object") return await this.#wait(wanted, { after, timeout });
    const end = Date.now() + timeout;
    for (let seen = after;;) {
      const { entries, last } = await this.#page({ after: String(seen) });
      const found = entries.find(wanted);
      if (found) return found;
      seen = Math.max(seen, last);
      // The next entry of any kind, or the error of the fixture, which shows what there was.
      await this.#wait({}, { after: seen, timeout: Math.max(0, end - Date.now()) });
    }
  }

  async sequence(steps: readonly SequenceStep[], options: SequenceOptions = {}): Promise<readonly JournalEntry[]> {
    const json = { ...options, steps: steps.map((step) => step instanceof RegExp ? String(step) : step) };
    try {
      const { entries } = await this.#control.ask<Pick<Page, "entries">>("/expect", { method: "POST", json });
      return entries;
    } catch (error) {
      if (error instanceof FixtureError && error.status === 409) throw new SequenceError(error.message, error.status);
      throw error;
    }
  }

  async clear(): Promise<void> {
    await this.#control.tell("/journal", { method: "DELETE" });
  }

  #page(query: Readonly<Record<string, string | undefined>> = {}): Promise<Page> {
    return this.#control.ask("/journal", { query });
  }

  #wait(pattern: object, options: WaitOptions): Promise<JournalEntry> {
    return this.#control.ask("/wait", { method: "POST", json: { pattern, ...options } });
  }
}
