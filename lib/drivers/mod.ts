/**
 * The file-system view: the contract that drivers implement, the drivers for disk and memory, and what can be put over
 * any driver.
 *
 * @example Files in memory with a quota
 * ```ts
 * import { MemoryVfs, resolvePath, ROOT, UsageMeter, VfsError, withQuota } from "@denoftpd/denoftpd/vfs";
 *
 * const files = new MemoryVfs({ files: { "/hello.txt": "Hello" } });
 * const limited = withQuota(files, { limit: 8, usage: new UsageMeter() });
 * const sink = await limited.openWrite(resolvePath(ROOT, "/more.txt"));
 * try {
 *   await sink.write(new TextEncoder().encode("More"));
 *   await sink.commit();
 * } catch (error) {
 *   await sink.abort();
 *   if (!(error instanceof VfsError && error.kind === "overQuota")) throw error;
 * }
 * ```
 *
 * @module
 */

export * from "../vfs/vfs.ts";
export { type EntryBasics, makeEntry } from "../vfs/entry.ts";
export { isWithin, joinPath, nameOf, parentOf, resolvePath, ROOT } from "../vfs/virtual_path.ts";
export { resolveRoot, schemeOf } from "../vfs/root_url.ts";

export { type DiskVfs, type DiskVfsOptions, openDisk } from "./disk/disk.ts";
export type {
  ContainedCalls,
  DirectoryName,
  DirectoryReader,
  DiskChanges,
  DiskFile,
  FileUse,
  Found,
  Identity,
  OpenedFile,
} from "./disk/calls.ts";
export type { Fsync } from "./disk/durability.ts";
export type { SymlinkPolicy } from "./disk/root.ts";
export type { S3RootsOptions } from "./s3/open.ts";
export type { CredentialSource, S3Options } from "./s3/place.ts";
export type { StoreLocks } from "./s3/bucket_locks.ts";
export type { StoreOutcome, StoreRequestDone } from "./s3/client.ts";
export type { KnownUpload, UploadRecord, UploadRecords, UploadRegistry } from "./s3/known_uploads.ts";
export type { OpenUploadsOptions } from "./s3/uploads.ts";
export type { OpenUpload } from "./s3/store.ts";
export { MemoryVfs, type MemoryVfsOptions } from "./memory/memory.ts";
export {
  type Driver,
  type DriverOptions,
  DriverRegistry,
  type RootPermission,
  type RootUse,
  s3Driver,
  standardDrivers,
  type StoreDriver,
} from "./registry.ts";

export { ForwardingSink, ForwardingVfs } from "../vfs/forwarding.ts";
export { type QuotaOptions, withQuota } from "../vfs/quota.ts";
export { type Usage, UsageMeter, type UsageOptions } from "../vfs/usage.ts";
export { type DigestMemory, type DigestOptions, withDigests } from "../vfs/digests.ts";
export { type Mount, type MountOptions, withMounts } from "../vfs/mounts/mounts.ts";
export { EmptyVfs } from "../vfs/mounts/empty.ts";
export { type NameFilter, withNameFilter } from "../vfs/name_filter.ts";
export { withSizeLimit } from "../vfs/size_limit.ts";
export { type CreationMasks, withCreationModes } from "../vfs/creation_modes.ts";
export { sweepStaleParts, type Swept } from "../vfs/stale_parts.ts";
export { type UploadMode, type UploadPolicy, withUploadPolicy } from "../vfs/uploads.ts";
export { type ScopedVfs, type ScopeOptions, scopeVfs } from "../vfs/access.ts";
export {
  ACCESS_RIGHTS,
  type AccessGrant,
  type AccessRight,
  type AccessRule,
  parseAccess,
} from "../vfs/access_rules.ts";
export {
  type ChangeOptions,
  type LockMode,
  type LocksElsewhere,
  type MaybeLater,
  type NameChange,
  type Opened,
  UploadLocks,
  type UploadLocksOptions,
} from "../vfs/upload_locks.ts";
