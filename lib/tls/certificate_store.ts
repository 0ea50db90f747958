/**
 * The certificates of a running server: read from files, watched, and replaced without a restart.
 *
 * @module
 */

import { dirname } from "@std/path";
import { messageOf } from "../net/message_of.ts";
import {
  type CertificateSource,
  CertificateUnread,
  type KeyPair,
  type KeyPairFiles,
  loadKeyPair,
  selectPair,
} from "./certificates.ts";

const SETTLE_TIME = 500;
/** After this many settle times, files that could not be read are tried again, for example for lack of a descriptor. */
const RETRY_AFTER = 4;

/** The options of {@link CertificateStore.open}. Callbacks must not throw. */
export interface CertificateStoreOptions {
  /**
   * Watch the directories of the files; needs read permission for them.
   *
   * @default true
   */
  readonly watch?: boolean;
  /**
   * Milliseconds without further changes before the files are read: certificate and key change one after the other.
   *
   * @default 500
   */
  readonly settleTime?: number;
  /** New pairs are in use from now on. */
  readonly onReload?: (pairs: readonly KeyPair[]) => void;
  /** A pair was refused, with the reason; the old ones stay in use. */
  readonly onRefused?: (message: string) => void;
}

/**
 * The certificates of a running server, replaced without a restart. New handshakes use a new pair; connections made
 * with the old one continue.
 */
export class CertificateStore implements CertificateSource, AsyncDisposable {
  readonly #files: readonly KeyPairFiles[];
  readonly #options: CertificateStoreOptions;
  #pairs: readonly KeyPair[];
  #watcher: Deno.FsWatcher | undefined;
  #watching: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #reloading: Promise<boolean> = Promise.resolve(true);
  #refusal: string | undefined;

  private constructor(files: readonly KeyPairFiles[], pairs: readonly KeyPair[], options: CertificateStoreOptions) {
    this.#files = files;
    this.#pairs = pairs;
    this.#options = options;
    if (options.watch !== false) this.#watch();
  }

  /**
   * Loads every pair and starts watching.
   *
   * @throws {CertificateError} for the first that cannot be used.
   */
  static async open(
    files: readonly KeyPairFiles[],
    options: CertificateStoreOptions = {},
  ): Promise<CertificateStore> {
    return new CertificateStore(files, await Promise.all(files.map(loadKeyPair)), options);
  }

  get pairs(): readonly KeyPair[] {
    return this.#pairs;
  }

  select(serverName: string | undefined): KeyPair {
    return selectPair(this.#pairs, serverName);
  }

  /**
   * Reads the files again, as after SIGHUP. Replaces either all pairs or none; resolves to whether they were replaced.
   */
  reload(): Promise<boolean> {
    this.#refusal = undefined;
    return this.#enqueue({ tellUnchanged: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watcher?.close();
    this.#watcher = undefined;
    await this.#watching;
    clearTimeout(this.#timer);
    await this.#reloading;
  }

  #enqueue(options: { tellUnchanged: boolean }): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#reloading = this.#reloading.then(() => this.#load(options));
    return this.#reloading;
  }

  async #load({ tellUnchanged }: { tellUnchanged: boolean }): Promise<boolean> {
    let loaded: readonly KeyPair[];
    try {
      loaded = await Promise.all(this.#files.map(loadKeyPair));
    } catch (error) {
      this.#refuse(messageOf(error));
      // No change of the file would trigger another attempt.
      if (error instanceof CertificateUnread) this.#loadLater(RETRY_AFTER);
      return false;
    }
    this.#refusal = undefined;
    // An unchanged pair keeps its identity, so that routes keep what they derived from it.
    const pairs = loaded.map((pair, index) => {
      const old = this.#pairs[index];
      return old?.certificate === pair.certificate && old.privateKey === pair.privateKey ? old : pair;
    });
    const changed = pairs.some((pair, index) => pair !== this.#pairs[index]);
    this.#pairs = pairs;
    if (changed || tellUnchanged) this.#options.onReload?.(pairs);
    return true;
  }

  /** Other files in the directory change too; the same problem is reported once. */
  #refuse(message: string): void {
    if (message !== this.#refusal) this.#options.onRefused?.(message);
    this.#refusal = message;
  }

  #watch(): void {
    const paths = this.#files.flatMap(({ certificateFile, privateKeyFile }) => [certificateFile, privateKeyFile]);
    try {
      // The directories, because renewal tools replace the old file by a new file (or link).
      this.#watcher = Deno.watchFs([...new Set(paths.map(dirname))], { recursive: false });
    } catch (error) {
      this.#options.onRefused?.(`Cannot watch the certificate files: ${messageOf(error)}`);
      return;
    }
    this.#watching = this.#follow(this.#watcher);
  }

  async #follow(watcher: Deno.FsWatcher): Promise<void> {
    for await (const { kind } of watcher) {
      if (kind !== "access") this.#loadLater(1);
    }
  }

  #loadLater(times: number): void {
    if (!this.#watcher) return;
    clearTimeout(this.#timer);
    const { settleTime = SETTLE_TIME } = this.#options;
    this.#timer = setTimeout(() => void this.#enqueue({ tellUnchanged: false }), times * settleTime);
  }
}
