/**
 * An FTP server for one test, or for a whole suite: on a free port, with its files in memory, a record of what happened, and things that
 * go wrong on demand. It touches no signals, never ends the process, and leaves nothing behind.
 *
 * ```ts
 * import { startFixture } from "@denoftpd/denoftpd";
 *
 * await using server = await startFixture({ users: { alice: "secret" }, files: { "/hello.txt": "Hello" } });
 * console.log(server.users.alice.url);
 * await server.waitFor({ type: "transfer", path: "/hello.txt" });
 * ```
 *
 * @module
 */

import type { Faults } from "./fixture/faults.ts";
import type { FixtureFiles } from "./fixture/files.ts";
import type { FixtureOptions } from "./fixture/fixture_options.ts";
import type {
  Journal,
  JournalEntry,
  JournalEntryOf,
  JournalPattern,
  JournalType,
  WaitOptions,
} from "./fixture/journal.ts";
import { type FixtureParts, startParts, stopParts } from "./fixture/parts.ts";
import type { PassiveMapping } from "./fixture/passive.ts";
import type { SocketAddress } from "./net/connection.ts";
import type { FtpServer } from "./server/server.ts";

export type { FaultEffect, FaultRule, FaultTrigger } from "./fixture/fault_rule.ts";
export type { Faults, FaultStatus } from "./fixture/faults.ts";
export type { FixtureFiles, FixtureSnapshot } from "./fixture/files.ts";
export type { Determinism, FixtureOptions, FixtureTls } from "./fixture/fixture_options.ts";
export type {
  FaultFired,
  Journal,
  JournalEntry,
  JournalEntryOf,
  JournalPattern,
  JournalType,
  WaitOptions,
} from "./fixture/journal.ts";
export type { PassiveMapping } from "./fixture/passive.ts";
export { type FixtureSeed, SeedError } from "./fixture/seed.ts";
export { SequenceError, type SequenceOptions, type SequenceStep } from "./fixture/sequence.ts";
export type { FixtureUser, FixtureUsers } from "./fixture/users.ts";

/** An account that can log in. */
export interface FixtureAccount {
  readonly name: string;
  readonly password: string;
  /** `ftp://name:password@host:port`. */
  readonly url: string;
}

/** A running fixture; {@link startFixture} makes one. */
export class Fixture<Name extends string = string> implements AsyncDisposable {
  readonly hostname: string;
  /** Control port. */
  readonly port: number;
  /** Port of the listener that speaks TLS from the first byte; `undefined` without one. */
  readonly implicitTlsPort: number | undefined;
  readonly users: Readonly<Record<Name, FixtureAccount>>;
  /** Certificate that clients have to trust, as PEM; `undefined` without TLS. */
  readonly ca: string | undefined;
  /** The files that all logins without a label share. */
  readonly files: FixtureFiles;
  /** What happened. */
  readonly journal: Journal;
  /** What goes wrong. */
  readonly faults: Faults;
  /** The server itself. */
  readonly server: FtpServer;
  readonly #parts: FixtureParts;
  #stopped: Promise<void> | undefined;

  /** @internal */
  constructor(parts: FixtureParts) {
    const { address } = parts;
    this.#parts = parts;
    this.hostname = address.hostname;
    this.port = address.port;
    this.implicitTlsPort = parts.implicitTlsPort;
    this.ca = parts.tls?.ca;
    this.files = parts.trees.shared.files;
    this.journal = parts.journal;
    this.faults = parts.faults;
    this.server = parts.server;
    const users = Array.from(parts.accounts.passwords, ([name, password]) => {
      return [name, { name, password, url: urlOf(address, { name, password }) }] as const;
    });
    // The names are those that the caller has written down.
    this.users = Object.freeze(Object.fromEntries(users)) as Record<Name, FixtureAccount>;
  }

  /** `ftp://host:port`. */
  get url(): string {
    return urlOf(this);
  }

  /** What PASV and EPSV tell instead of what is; an empty mapping goes back. @throws {RangeError} for what is no address or port. */
  set passive(mapping: PassiveMapping) {
    this.#parts.passive.mapping = mapping;
  }

  get passive(): PassiveMapping {
    return this.#parts.passive.mapping;
  }

  /** Files of the logins with this label (`alice+label`, `bob+label`), which nobody else sees. @throws {Error} for files on a disk. */
  filesOf(label: string): FixtureFiles {
    return this.#parts.trees.of(label).files;
  }

  /** The first journal entry that fits, past or to come; see {@link Journal.waitFor}. */
  waitFor<T extends JournalType>(pattern: JournalPattern<T>, options?: WaitOptions): Promise<JournalEntryOf<T>>;
  waitFor(matches: (entry: JournalEntry) => boolean, options?: WaitOptions): Promise<JournalEntry>;
  waitFor(
    wanted: JournalPattern<JournalType> | ((entry: JournalEntry) => boolean),
    options?: WaitOptions,
  ): Promise<JournalEntry> {
    return typeof wanted === "function" ? this.journal.waitFor(wanted, options) : this.journal.waitFor(wanted, options);
  }

  /** Back to the start: files, journal, faults and passive mapping. Sessions go on. @throws {VfsError} for files on a disk. */
  reset(): void {
    this.#parts.trees.reset();
    this.journal.clear();
    this.faults.clear();
    this.passive = {};
  }

  /** Ends every session and gives everything back. */
  stop(): Promise<void> {
    return this.#stopped ??= stopParts(this.#parts);
  }

  /** {@link stop} */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

/** Starts a fixture. Rejects when the seed cannot be read, an option makes no sense, or a port cannot be had. */
export async function startFixture<Name extends string = "test">(
  options: FixtureOptions<Name> = {},
): Promise<Fixture<Name>> {
  return new Fixture<Name>(await startParts(options));
}

function urlOf({ hostname, port }: SocketAddress, user?: { readonly name: string; readonly password: string }): string {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  const who = user ? `${encodeURIComponent(user.name)}:${encodeURIComponent(user.password)}@` : "";
  return `ftp://${who}${host}:${port}`;
}
