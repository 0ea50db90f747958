/**
 * What the npm package `denoftpd` exports, in the names that the fixture has in TypeScript on Deno: what is a value
 * there is a promise here, as it is asked of a process. Only types, and only from files of which the same is true: they
 * become the declarations of the package.
 *
 * @module
 */

import type { FaultRule, FaultStatus } from "../../lib/fixture/faults/fault_rule.ts";
import type { JournalEntry, JournalEntryOf, JournalPattern, JournalType } from "../../lib/fixture/journal_entry.ts";
import type { SequenceOptions, SequenceStep, WaitOptions } from "../../lib/fixture/journal_query.ts";
import type { PassiveMapping, PortableOptions } from "../../lib/fixture/portable_options.ts";

export type * from "../../lib/fixture/faults/fault_rule.ts";
export type * from "../../lib/fixture/journal_entry.ts";
export type * from "../../lib/fixture/journal_query.ts";
export type * from "../../lib/fixture/portable_options.ts";
export type * from "../../lib/hooks/hooks.ts";
export type * from "../../lib/hooks/settings.ts";

/** The options of `startFixture`, all optional. Default: one account, no files, no TLS. */
export interface FixtureOptions<Name extends string = string> extends PortableOptions<Name> {
  /**
   * The files at the start and after a reset: path to content, text as UTF-8, where a path with a trailing slash is a
   * directory; or the location of a directory, a tar or a zip archive.
   */
  readonly files?: Readonly<Record<string, string | Uint8Array>> | string | URL;
}

/** An account that can log in. */
export interface FixtureAccount {
  /** For USER. */
  readonly name: string;
  /** For PASS. */
  readonly password: string;
  /** `ftp://name:password@host:port`. */
  readonly url: string;
}

/** The state of a tree at one moment. */
export interface FixtureSnapshot {
  /** Its number. */
  readonly id: number;
}

/** One tree of files. The leading slash of a path is optional. */
export interface FixtureFiles {
  /** The content of a file. */
  read(path: string): Promise<Uint8Array>;
  /** The content of a file as text. */
  readText(path: string): Promise<string>;
  /** Creates a file and missing parent directories, or replaces its content. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** Creates a directory and missing parent directories, unless it exists. */
  mkdir(path: string): Promise<void>;
  /** Whether a file or directory exists. */
  exists(path: string): Promise<boolean>;
  /** Removes a file, or a directory with everything in it. */
  remove(path: string): Promise<void>;
  /** Paths of everything below `directory`, sorted; those of directories end with a slash. */
  list(directory?: string): Promise<string[]>;
  /** Path to content of every file below `directory`, as text. */
  texts(directory?: string): Promise<Record<string, string>>;
  /** The current state. Rejects for a tree on disk. */
  snapshot(): Promise<FixtureSnapshot>;
  /** Restores the state of a snapshot, of this tree or another. Rejects for a tree on disk. */
  restore(snapshot: FixtureSnapshot): Promise<void>;
  /** Restores the seed. Rejects for a tree on disk. */
  reset(): Promise<void>;
}

/** The record of what happened. */
export interface Journal {
  /** How many of the oldest entries were dropped because there were more than are kept. */
  readonly dropped: Promise<number>;
  /** Every entry since the start, or since `clear()`. */
  readonly entries: Promise<readonly JournalEntry[]>;
  /** The `seq` of the last entry. */
  readonly last: Promise<number>;
  /** Command lines as received, with passwords masked. */
  commands(options?: Pick<SequenceOptions, "user" | "session">): Promise<string[]>;
  /** The conversation as text: `C: STOR a`, `S: 226 Complete`, a line each, one session after the other. */
  transcript(options?: Pick<SequenceOptions, "user" | "session">): Promise<string>;
  /** The first entry, past or to come, that has these fields. */
  waitFor<T extends JournalType>(pattern: JournalPattern<T>, options?: WaitOptions): Promise<JournalEntryOf<T>>;
  /** The first entry, past or to come, that `matches`. */
  waitFor(matches: (entry: JournalEntry) => boolean, options?: WaitOptions): Promise<JournalEntry>;
  /** Rejects with a `SequenceError` unless the steps happened in this order. Other entries may come in between. */
  sequence(steps: readonly SequenceStep[], options?: SequenceOptions): Promise<readonly JournalEntry[]>;
  /** Removes all entries. Numbering continues. */
  clear(): Promise<void>;
}

/** Rules that can be removed again, also by `await using`. */
export interface AddedFaults extends AsyncDisposable {
  /** Removes them. */
  remove(): Promise<void>;
}

/** The active faults. */
export interface Faults {
  /** The rules and how often they have hit. */
  readonly status: Promise<readonly FaultStatus[]>;
  /** Adds rules. Rejects for an invalid one. */
  add(...rules: readonly FaultRule[]): Promise<AddedFaults>;
  /** Removes all rules. */
  clear(): Promise<void>;
}

/** A running fixture. Every method rejects once its process has ended by itself, and says so. */
export interface Fixture<Name extends string = string> extends AsyncDisposable {
  /** The address to connect to. */
  readonly hostname: string;
  /** Control port. */
  readonly port: number;
  /** Port of the implicit TLS listener; `undefined` without one. */
  readonly implicitTlsPort: number | undefined;
  /** `ftp://host:port`. */
  readonly url: string;
  /** The accounts, by the names that were given. */
  readonly users: Readonly<Record<Name, FixtureAccount>>;
  /** The certificate that clients have to trust, as PEM; `undefined` without TLS. */
  readonly ca: string | undefined;
  /** A file with that certificate, which is there until the fixture stops; `undefined` without TLS. */
  readonly caFile: string | undefined;
  /** URL of the control interface, for `connectFixture` in another process. */
  readonly control: string;
  /** The number of its process. */
  readonly pid: number;
  /** The files shared by all logins without a label. */
  readonly files: FixtureFiles;
  /** The record of what happened. */
  readonly journal: Journal;
  /** The active faults. */
  readonly faults: Faults;
  /** The address and ports that PASV and EPSV report instead of the real ones. */
  readonly passive: Promise<PassiveMapping>;
  /** Replaces that mapping; an empty one restores the real address. */
  setPassive(mapping: PassiveMapping): Promise<void>;
  /** The files of logins with this label (`alice+label`, `bob+label`), which are private to them. */
  filesOf(label: string): FixtureFiles;
  /** See `Journal.waitFor`. */
  waitFor<T extends JournalType>(pattern: JournalPattern<T>, options?: WaitOptions): Promise<JournalEntryOf<T>>;
  /** See `Journal.waitFor`. */
  waitFor(matches: (entry: JournalEntry) => boolean, options?: WaitOptions): Promise<JournalEntry>;
  /** Restores the initial files, journal, faults and passive mapping. Sessions continue. */
  reset(): Promise<void>;
  /** Ends the process and everything in it. Resolves as well if it has already ended. */
  stop(): Promise<void>;
}
