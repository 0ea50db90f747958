/**
 * From the root of an account to the driver that has its files, and to the permissions of Deno that this takes. A root
 * is a path, which the disk driver serves, or a URL whose scheme names the driver: `memory:`, `s3://bucket`, `file:///srv/ftp`.
 *
 * @module
 */

import { type DiskVfsOptions, openDisk } from "./disk/disk.ts";
import type { S3Roots, S3RootsOptions } from "./s3/open.ts";
import { s3Permissions } from "./s3/permissions.ts";
import { parseRoot } from "./s3/place.ts";
import { EmptyVfs } from "../vfs/mounts/empty.ts";
import { EMPTY_ROOT, resolveRoot, schemeOf } from "../vfs/root_url.ts";
import type { Vfs } from "../vfs/vfs.ts";

/** A permission of Deno without which a root cannot be used. */
export interface RootPermission {
  /** As the runtime describes it. */
  readonly permission: Deno.PermissionDescriptor;
  /** Completes the sentence "Deno does not permit … the root of account …". */
  readonly action: "reading" | "writing" | "connecting to" | "reading the credentials for";
}

/** How an account uses its root. */
export interface RootUse {
  /** Whether it may change anything. */
  readonly writes: boolean;
}

/** The files behind all roots of one scheme. */
export interface Driver {
  /** In lower case, without the colon, at least two characters; `file` also stands for every path. */
  readonly scheme: string;
  /** Whether several event loops that open a root see the same files: without it there can be only one. */
  readonly spansWorkers: boolean;
  /** What the runtime must permit before {@link open}. Never rejects a root; opening it reports what is wrong. */
  permissions(root: string, use: RootUse): readonly RootPermission[];
  /** The files of `root`. Throws, or rejects, with an error that quotes `root` if they cannot be reached. */
  open(root: string): Vfs | Promise<Vfs>;
}

/** The options of {@link standardDrivers}. */
export interface DriverOptions {
  /** How the disk driver opens directories. */
  readonly disk?: DiskVfsOptions;
  /** How object stores are reached. */
  readonly s3?: S3RootsOptions;
}

/** The drivers of this program: the disk, memory, object stores, and a root with nothing in it. */
export function standardDrivers({ disk = {}, s3 = {} }: DriverOptions = {}): Driver[] {
  return [diskDriver(disk), memoryDriver(), s3Driver(s3), emptyDriver()];
}

/** Drivers by scheme. */
export class DriverRegistry {
  readonly #drivers: ReadonlyMap<string, Driver>;

  /** Of two drivers with the same scheme the later is used. Without any: {@link standardDrivers}. */
  constructor(drivers: Iterable<Driver> = standardDrivers()) {
    this.#drivers = new Map([...drivers].map((driver) => [driver.scheme, driver]));
  }

  /**
   * The driver of `root`, as `resolveRoot` returns it.
   *
   * @throws {RangeError} quoting `root`, if no driver has its scheme.
   */
  find(root: string): Driver {
    const scheme = schemeOf(root) ?? "file";
    const driver = this.#drivers.get(scheme);
    if (driver) return driver;
    const known = [...this.#drivers.keys()].map((name) => `"${name}:"`).join(", ");
    throw new RangeError(`No driver for the root "${root}": it must be a path or begin with one of ${known}`);
  }

  /**
   * Opens `root`, a path or a URL. Rejects with what {@link find} throws, and with what the driver reports.
   */
  async open(root: string): Promise<Vfs> {
    const resolved = resolveRoot(root, ".");
    return await this.find(resolved).open(resolved);
  }
}

function diskDriver(options: DiskVfsOptions): Driver {
  return { scheme: "file", spansWorkers: true, permissions: diskPermissions, open: (root) => openDisk(root, options) };
}

/** Writing needs the real path alone; reading also the path that contains the links, if any. */
function diskPermissions(root: string, { writes }: RootUse): RootPermission[] {
  const read = { name: "read", path: root } as const;
  const real = Deno.permissions.querySync(read).state === "granted" ? realPath(root) : root;
  return [
    { permission: read, action: "reading" },
    { permission: { name: "read", path: real }, action: "reading" },
    ...(writes ? [{ permission: { name: "write", path: real }, action: "writing" } as const] : []),
  ];
}

/** The path itself if it cannot be resolved: opening the root will report the reason. */
function realPath(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return path;
  }
}

/** Roots of one text have the same files, which end with the driver. Its code is loaded with the first of them. */
function memoryDriver(): Driver {
  const roots = new Map<string, Vfs>();
  const open = async (root: string): Promise<Vfs> => {
    const { MemoryVfs } = await import("./memory/memory.ts");
    const vfs = roots.get(root) ?? new MemoryVfs();
    roots.set(root, vfs);
    return vfs;
  };
  return { scheme: "memory", spansWorkers: false, permissions: () => [], open };
}

/** The driver of object stores, for several servers that use the same. */
export interface StoreDriver extends Driver {
  /** An upload of another server waits for the object of this lock: see `UploadLocks.wanted`. */
  wanted(name: string): void;
  /** Ends uploads that broke off and cannot be resumed, in the buckets of all roots that were opened. */
  sweep(): Promise<void>;
}

/** Roots such as `s3://bucket/prefix`. Its code is loaded with the first of them. */
export function s3Driver(options: S3RootsOptions): StoreDriver {
  let roots: Promise<S3Roots> | undefined;
  const open = async (root: string): Promise<Vfs> => {
    parseRoot(root);
    roots ??= import("./s3/open.ts").then(({ S3Roots }) => new S3Roots(options));
    try {
      return await (await roots).open(root);
    } catch (error) {
      // Its constructor reads the credentials, which the next may find.
      roots.catch(() => roots = undefined);
      throw error;
    }
  };
  // Variables are read once: a server that runs has given up the permission to read them.
  const permissions = (root: string): RootPermission[] => s3Permissions(root, options, { isOpen: roots !== undefined });
  const wanted = (name: string) => void roots?.then((opened) => opened.wanted(name), () => {});
  const sweep = async () => await (await roots)?.sweep();
  // With a registry and locks that they share.
  const spansWorkers = options.locks !== undefined;
  return { scheme: "s3", spansWorkers, permissions, open, wanted, sweep };
}

/** For accounts whose files are all in mounts. */
function emptyDriver(): Driver {
  const scheme = EMPTY_ROOT.slice(0, -1);
  return { scheme, spansWorkers: true, permissions: () => [], open: () => new EmptyVfs() };
}
