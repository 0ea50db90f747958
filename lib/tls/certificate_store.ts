/**
 * The certificates of a running server: read from files, watched, and replaced without a restart.
 *
 * @module
 */

import { dirname } from "@std/path";
import {
  type CertificateSource,
  CertificateUnread,
  type KeyPair,
  type KeyPairFiles,
  loadKeyPair,
  selectPair,
} from "./certificates.ts";
import { messageOf } from "./route.ts";

const SETTLE_TIME = 500;
/** So many settle times later files are tried again that could not be read, say for want of a descriptor. */
const RETRY_AFTER = 4;

/** Settings of {@link CertificateStore.open}. Both callbacks must not throw. */
export interface CertificateStoreOptions {
  /** Watches the files' folders. On unless told otherwise; needs read permission for the folders. */
  readonly watch?: boolean;
  /** Milliseconds of quiet after a change before the files are read: certificate and key come one after the other. 500. */
  readonly settleTime?: number;
  /** New pairs are in use from now on. */
  readonly onReload?: (pairs: readonly KeyPair[]) => void;
  /** A pair was refused, with the reason; the old ones stay in use. */
  readonly onRefused?: (message: string) => void;
}

/** See the module. New handshakes see a new pair; connections made with the old one go on. */
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

  /** Loads every pair and begins to watch. Throws {@link CertificateError} for the first that cannot be used. */
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

  /** Reads the files again, as after SIGHUP. All pairs are replaced, or none; resolves to whether they were. */
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
      // No change of the file would bring it to mind again.
      if (error instanceof CertificateUnread) this.#loadLater(RETRY_AFTER);
      return false;
    }
    this.#refusal = undefined;
    // An untouched pair keeps its identity, so that routes keep what they made of it.
    const pairs = loaded.map((pair, index) => {
      const old = this.#pairs[index];
      return old?.certificate === pair.certificate && old.privateKey === pair.privateKey ? old : pair;
    });
    const changed = pairs.some((pair, index) => pair !== this.#pairs[index]);
    this.#pairs = pairs;
    if (changed || tellUnchanged) this.#options.onReload?.(pairs);
    return true;
  }

  /** Other files in the folder change too; the same complaint is made once. */
  #refuse(message: string): void {
    if (message !== this.#refusal) this.#options.onRefused?.(message);
    this.#refusal = message;
  }

  #watch(): void {
    const paths = this.#files.flatMap(({ certificateFile, privateKeyFile }) => [certificateFile, privateKeyFile]);
    try {
      // The folders, because renewal tools put a new file (or a new link) in the place of the old one.
      this.#watcher = Deno.watchFs([...new Set(paths.map(dirname))], { recursive: false });
    } catch (error) {
      this.#options.onRefused?.(`Certificate files cannot be watched: ${messageOf(error)}`);
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
