/**
 * Opens roots in object stores: checks the bucket, finds out what the store can do, and shares what roots have in
 * common.
 *
 * @module
 */

import { messageOf } from "../../net/message_of.ts";
import { UploadLocks } from "../../vfs/upload_locks.ts";
import { BucketLocks, type StoreLocks } from "./bucket_locks.ts";
import { UploadMemory } from "./budget.ts";
import { StoreClient, type StoreRequestDone } from "./client.ts";
import { type CredentialProvider, openCredentials } from "./credentials.ts";
import { StoreError } from "./errors.ts";
import type { SinkOpenerParts } from "./opening.ts";
import { DEFAULT_REGION, DEFAULT_RENAME_LIMIT, parseRoot, type S3Options, type S3Place } from "./place.ts";
import { NO_ABILITIES, probe, type StoreAbilities } from "./probe.ts";
import { S3Vfs } from "./s3.ts";
import { Steps } from "./steps.ts";
import { ObjectStore } from "./store.ts";
import { S3Tree } from "./tree.ts";
import { KnownUploads, type UploadRecords, type UploadRegistry } from "./known_uploads.ts";
import { OpenUploads, type OpenUploadsOptions } from "./uploads.ts";

/** The options of {@link S3Roots}. */
export interface S3RootsOptions extends S3Options, OpenUploadsOptions {
  /** Milliseconds after which a request that fails is not tried again. */
  readonly patience?: number | undefined;
  /** Called for each request that has ended; it must not throw. */
  readonly onRequest?: ((done: StoreRequestDone) => void) | undefined;
  /** Where uploads are kept over a restart. Absent: nowhere. */
  readonly records?: UploadRecords | undefined;
  /**
   * The uploads of all servers on these stores, instead of {@link records}: the same from the first upload on. Default:
   * those of this one.
   */
  readonly registry?: (() => UploadRegistry) | undefined;
  /** The locks that servers on these stores share, if any; asked each time that a root is opened. */
  readonly locks?: (() => StoreLocks | undefined) | undefined;
}

/** What roots in one bucket have in common. */
interface Bucket {
  readonly store: ObjectStore;
  readonly uploads: OpenUploads;
  readonly steps: Steps;
  readonly groups: SinkOpenerParts["groups"];
  readonly locks: UploadLocks<string>;
  readonly shared: BucketLocks;
}

/** The roots of one store. */
export class S3Roots {
  readonly #options: S3RootsOptions;
  readonly #provider: CredentialProvider;
  readonly #memory: UploadMemory;
  readonly #registry: () => UploadRegistry;
  readonly #buckets = new Map<string, Bucket>();
  readonly #roots = new Map<string, Promise<S3Vfs>>();
  #abilities: Promise<StoreAbilities> | undefined;

  /** Reads the variables of the environment that the options name. Throws if one is missing. */
  constructor(options: S3RootsOptions = {}) {
    this.#options = options;
    this.#provider = openCredentials(options);
    this.#memory = new UploadMemory(options.memory);
    const own = new KnownUploads(options.records).view("");
    this.#registry = options.registry ?? (() => own);
  }

  /**
   * The root of this text: the same for the same text. Rejects with a sentence that says what is wrong and what to do.
   */
  async open(root: string): Promise<S3Vfs> {
    const place = parseRoot(root);
    const name = `${place.bucket}/${place.prefix}`;
    const opened = this.#roots.get(name) ?? this.#open(place, root);
    this.#roots.set(name, opened);
    try {
      const vfs = await opened;
      const { uploads, locks, shared } = this.#bucket(place.bucket);
      if (shared.isShared) locks.share(shared);
      await uploads.load();
      return vfs;
    } catch (error) {
      this.#roots.delete(name);
      throw error;
    }
  }

  /** An upload of another server waits for the object of this lock: see `UploadLocks.wanted`. */
  wanted(name: string): void {
    for (const { locks, shared } of this.#buckets.values()) {
      const key = shared.keyOf(name);
      if (key !== undefined) locks.wanted(key);
    }
  }

  /** Ends what broke off and cannot be resumed, in all buckets that were opened: for the janitor of several servers. */
  async sweep(): Promise<void> {
    for (const { uploads } of this.#buckets.values()) await uploads.sweep();
  }

  async #open(place: S3Place, root: string): Promise<S3Vfs> {
    const { store, uploads, steps, groups, locks, shared } = this.#bucket(place.bucket);
    try {
      await store.list(place.prefix, { most: 1 });
    } catch (error) {
      throw new Error(`Cannot use "${root}": ${explain(error, place.bucket, this.#options)}`, { cause: error });
    }
    const { renameLimit = DEFAULT_RENAME_LIMIT, listTimes = "store" } = this.#options;
    const tree = new S3Tree(store, place, uploads, { listTimes });
    const tools = { store, uploads, memory: this.#memory, abilities: NO_ABILITIES, steps, locks: shared };
    const prepare = async () => {
      tools.abilities = await this.#probed(store, uploads, place.prefix);
    };
    return new S3Vfs({ tree, renameLimit, locks, groups, tools, prepare });
  }

  #bucket(bucket: string): Bucket {
    const known = this.#buckets.get(bucket);
    if (known) return known;
    const store = new ObjectStore(new StoreClient({ ...this.#options, bucket, provider: this.#provider }));
    const made: Bucket = {
      store,
      uploads: new OpenUploads(store, this.#registry, this.#options),
      steps: new Steps(),
      groups: new Map(),
      locks: new UploadLocks<string>(),
      shared: new BucketLocks(() => this.#options.locks?.(), store.client.url),
    };
    this.#buckets.set(bucket, made);
    return made;
  }

  /** Once for all buckets, as they are in one store. */
  async #probed(store: ObjectStore, uploads: OpenUploads, prefix: string): Promise<StoreAbilities> {
    this.#abilities ??= probe(store, uploads, prefix);
    try {
      return await this.#abilities;
    } catch (error) {
      this.#abilities = undefined;
      throw error;
    }
  }
}

/** What is wrong with a bucket that does not answer as it should, and what to do. */
function explain(error: unknown, bucket: string, { endpoint, region = DEFAULT_REGION }: S3Options): string {
  if (!(error instanceof StoreError)) return messageOf(error);
  const where = endpoint === undefined ? `Amazon S3 in ${region}` : `"${endpoint}"`;
  switch (error.code) {
    case "NoSuchBucket":
    case "NoSuchKey":
      return `there is no bucket "${bucket}" at ${where}: create it, or correct its name`;
    case "InvalidAccessKeyId":
      return `the access key is not known at ${where}: correct AWS_ACCESS_KEY_ID, or the file of --s3-credentials`;
    case "SignatureDoesNotMatch":
      return `the secret key does not fit the access key at ${where}, or --s3-region "${region}" is not the store's`;
    case "PermanentRedirect":
    case "AuthorizationHeaderMalformed":
    case "IllegalLocationConstraintException":
      return `the bucket is not in the region "${region}": name the right one with --s3-region (${messageOf(error)})`;
    case "AccessDenied":
      return `these credentials may not list the bucket "${bucket}" at ${where}`;
    case "Unanswered":
      return `no answer from ${where} (${messageOf(error)}): correct --s3-endpoint, or start the store`;
    default:
      return messageOf(error);
  }
}
