/**
 * Digests of files, computed while a file streams or later, and a cache of them, so that HASH and related commands need
 * not read the file again.
 *
 * @module
 */

import type { Hash } from "node:crypto";
import { nodeCrypto, nodeZlib } from "../../net/node_modules.ts";
import type { FileIdentity } from "../../vfs/vfs.ts";

/** Names as in HASH and OPTS HASH (draft-bryan-ftpext-hash section 4, the textual names of IANA), strongest first. */
export const DIGEST_ALGORITHMS = ["SHA-512", "SHA-256", "SHA-1", "MD5", "CRC32"] as const;

/** One of {@link DIGEST_ALGORITHMS}. */
export type DigestAlgorithm = typeof DIGEST_ALGORITHMS[number];

/** Digests of one content, each in lower-case hexadecimal; CRC32 has eight digits. */
export type Digests = ReadonlyMap<DigestAlgorithm, string>;

/** Computes one digest of everything it is fed, in order. */
export interface Hasher {
  /** Adds the next piece. */
  update(bytes: Uint8Array): void;
  /** The digest. To be called once: nothing can be added afterwards. */
  hex(): string;
}

class Crc32 implements Hasher {
  #value = 0;

  update(bytes: Uint8Array): void {
    this.#value = nodeZlib().crc32(bytes, this.#value);
  }

  hex(): string {
    return this.#value.toString(16).padStart(8, "0");
  }
}

class NodeHasher implements Hasher {
  readonly #hash: Hash;

  constructor(name: string) {
    this.#hash = nodeCrypto().createHash(name);
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  hex(): string {
    return this.#hash.digest("hex");
  }
}

const HASHERS: Readonly<Record<DigestAlgorithm, () => Hasher>> = {
  "SHA-512": () => new NodeHasher("sha512"),
  "SHA-256": () => new NodeHasher("sha256"),
  "SHA-1": () => new NodeHasher("sha1"),
  "MD5": () => new NodeHasher("md5"),
  "CRC32": () => new Crc32(),
};

/** A new hasher. */
export function hasherFor(algorithm: DigestAlgorithm): Hasher {
  return HASHERS[algorithm]();
}

/** The algorithm of that name, in any case; `undefined` if there is none. */
export function findDigestAlgorithm(name: string): DigestAlgorithm | undefined {
  const wanted = name.toUpperCase();
  return DIGEST_ALGORITHMS.find((algorithm) => algorithm === wanted);
}

/** The options of a {@link RunningDigest}. */
export interface RunningDigestOptions {
  /** Default SHA-256 and CRC32. */
  readonly algorithms?: readonly DigestAlgorithm[];
  /** After more bytes than this it gives up and costs nothing more. Default: no limit. */
  readonly limit?: number;
}

/** Computes digests of everything it is fed, in order. */
export class RunningDigest {
  #hashers: ReadonlyMap<DigestAlgorithm, Hasher> | undefined;
  #room: number;

  constructor({ algorithms = ["SHA-256", "CRC32"], limit = Infinity }: RunningDigestOptions = {}) {
    this.#hashers = new Map(algorithms.map((algorithm) => [algorithm, hasherFor(algorithm)]));
    this.#room = limit;
  }

  /** Adds the next piece. */
  update(bytes: Uint8Array): void {
    if (!this.#hashers) return;
    this.#room -= bytes.length;
    if (this.#room < 0) this.#hashers = undefined;
    else for (const hasher of this.#hashers.values()) hasher.update(bytes);
  }

  /** The digests; `undefined` if it gave up. To be called once: nothing can be added afterwards. */
  finish(): Digests | undefined {
    if (!this.#hashers) return undefined;
    const digests = new Map<DigestAlgorithm, string>();
    for (const [algorithm, hasher] of this.#hashers) digests.set(algorithm, hasher.hex());
    this.#hashers = undefined;
    return digests;
  }
}

/**
 * Digests of files as they were when last read completely. An entry is only valid while size, time and identity of the
 * file are the same. An external change that preserves all three is not noticed; changes made through the server
 * {@link forget} the file.
 */
export class DigestCache {
  readonly #entries = new Map<string, { readonly identity: FileIdentity; readonly digests: Digests }>();
  readonly #capacity: number;

  /** @param capacity files remembered; the least recently used is dropped first. */
  constructor(capacity = 4096) {
    this.#capacity = capacity;
  }

  /** Files remembered. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Remembers digests of the whole file, in addition to those known for the same content.
   *
   * @param key names the file for every account: one path may mean two files in two roots.
   */
  remember(key: string, identity: FileIdentity, digests: Digests): void {
    const known = this.#entries.get(key);
    const all = known && isSame(known.identity, identity) ? new Map([...known.digests, ...digests]) : digests;
    const { size, modified, unique } = identity;
    this.#entries.delete(key);
    this.#entries.set(key, { identity: { size, modified, ...(unique !== undefined && { unique }) }, digests: all });
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined && this.#entries.size > this.#capacity) this.#entries.delete(oldest);
  }

  /** The digest of the file in the state of `identity`; `undefined` if it is not known. */
  find(key: string, identity: FileIdentity, algorithm: DigestAlgorithm): string | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    if (!isSame(entry.identity, identity)) return undefined;
    this.#entries.set(key, entry);
    return entry.digests.get(algorithm);
  }

  /** The file is about to change, or is gone. */
  forget(key: string): void {
    this.#entries.delete(key);
  }
}

/** Whether two checks of a file saw the same content, as far as can be told without reading it. */
export function isSame(a: FileIdentity, b: FileIdentity): boolean {
  return a.size === b.size && a.modified === b.modified && a.unique === b.unique;
}
