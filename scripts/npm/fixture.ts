/**
 * A fixture in another process, as a test sees it.
 *
 * @module
 */

import type {
  AddedFaults,
  FaultRule,
  Faults,
  FaultStatus,
  Fixture,
  FixtureAccount,
  FixtureFiles,
  JournalEntry,
  JournalEntryOf,
  JournalPattern,
  JournalType,
  PassiveMapping,
  WaitOptions,
} from "./api.ts";
import type { Control } from "./control.ts";
import { RemoteFiles } from "./files.ts";
import { RemoteJournal } from "./journal.ts";

/** The line that `denoftpd fixture` prints, and the answer to `GET /`. */
export interface ReadyLine {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly implicitTlsPort?: number;
  readonly users: Readonly<Record<string, FixtureAccount>>;
  readonly ca?: string;
  readonly caFile?: string;
  readonly pid: number;
}

class RemoteFaults implements Faults {
  readonly #control: Control;

  constructor(control: Control) {
    this.#control = control;
  }

  get status(): Promise<readonly FaultStatus[]> {
    return this.#control.ask("/faults");
  }

  async add(...rules: readonly FaultRule[]): Promise<AddedFaults> {
    const { id } = await this.#control.ask<{ id: number }>("/faults", { method: "POST", json: rules });
    const remove = () => this.#control.tell(`/faults/${id}`, { method: "DELETE" });
    return { remove, [Symbol.asyncDispose]: remove };
  }

  async clear(): Promise<void> {
    await this.#control.tell("/faults", { method: "DELETE" });
  }
}

/** A running fixture. */
export class RemoteFixture<Name extends string = string> implements Fixture<Name> {
  readonly hostname: string;
  readonly port: number;
  readonly implicitTlsPort: number | undefined;
  readonly url: string;
  readonly users: Readonly<Record<Name, FixtureAccount>>;
  readonly ca: string | undefined;
  readonly caFile: string | undefined;
  readonly control: string;
  readonly pid: number;
  readonly files: RemoteFiles;
  readonly journal: RemoteJournal;
  readonly faults: Faults;
  readonly #control: Control;
  readonly #end: () => Promise<void>;
  #stopped: Promise<void> | undefined;

  /** `end` ends the process, and resolves as well if it has already ended. */
  constructor(ready: ReadyLine, control: Control, end: () => Promise<void>) {
    this.hostname = ready.host;
    this.port = ready.port;
    this.implicitTlsPort = ready.implicitTlsPort;
    this.url = ready.url;
    this.users = ready.users;
    this.ca = ready.ca;
    this.caFile = ready.caFile;
    this.control = control.url;
    this.pid = ready.pid;
    this.files = new RemoteFiles(control);
    this.journal = new RemoteJournal(control);
    this.faults = new RemoteFaults(control);
    this.#control = control;
    this.#end = end;
  }

  get passive(): Promise<PassiveMapping> {
    return this.#control.ask("/passive");
  }

  async setPassive(mapping: PassiveMapping): Promise<void> {
    await this.#control.tell("/passive", { method: "PUT", json: mapping });
  }

  filesOf(label: string): FixtureFiles {
    return new RemoteFiles(this.#control, label);
  }

  waitFor<T extends JournalType>(pattern: JournalPattern<T>, options?: WaitOptions): Promise<JournalEntryOf<T>>;
  waitFor(matches: (entry: JournalEntry) => boolean, options?: WaitOptions): Promise<JournalEntry>;
  waitFor(
    wanted: JournalPattern<JournalType> | ((entry: JournalEntry) => boolean),
    options?: WaitOptions,
  ): Promise<JournalEntry> {
    return typeof wanted === "function" ? this.journal.waitFor(wanted, options) : this.journal.waitFor(wanted, options);
  }

  async reset(): Promise<void> {
    await this.#control.tell("/reset", { method: "POST" });
  }

  stop(): Promise<void> {
    return this.#stopped ??= this.#end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
