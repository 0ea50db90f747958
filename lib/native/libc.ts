/**
 * The C library: system calls that the runtime does not offer. Linux only, where the layouts used here are the same on
 * all processors that the runtime supports, except for one flag.
 *
 * A library may do anything, so the permission to open one disables the sandbox. It is requested for one file, for
 * these functions, and the server drops it once it has started: only the functions below remain.
 *
 * @module
 */

import { bytesOfName } from "../vfs/raw_names.ts";

const SYMBOLS = {
  open: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  dup: { parameters: ["i32"], result: "i32" },
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  fstatfs: { parameters: ["i32", "buffer"], result: "i32" },
  getdents64: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  poll: { parameters: ["buffer", "u64", "i32"], result: "i32" },
  mkdirat: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  unlinkat: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  // Giving back the space of a large file blocks, so it runs in a thread of the runtime's pool. Its errno stays there.
  unlinkLarge: { name: "unlinkat", parameters: ["i32", "buffer", "i32"], result: "i32", nonblocking: true },
  renameat: { parameters: ["i32", "buffer", "i32", "buffer"], result: "i32" },
  renameat2: { parameters: ["i32", "buffer", "i32", "buffer", "u32"], result: "i32" },
  linkat: { parameters: ["i32", "buffer", "i32", "buffer", "i32"], result: "i32" },
  fchmodat: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  fchownat: { parameters: ["i32", "buffer", "u32", "u32", "i32"], result: "i32" },
  utimensat: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  // For openat2(2), for which glibc (2.36) has no function: number, directory, path, struct open_how and its size.
  syscall: { parameters: ["i64", "i32", "buffer", "buffer", "usize"], result: "i64" },
  // These two report why a call failed.
  __errno_location: { parameters: [], result: "pointer" },
  memcpy: { parameters: ["buffer", "pointer", "usize"], result: "void" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  // Blocks, so it runs in a thread of the runtime's pool, one for all sockets.
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32", nonblocking: true },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  eventfd_write: { parameters: ["i32", "u64"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  write: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  flock: { parameters: ["i32", "i32"], result: "i32" },
  // These block, so they run in a thread of the runtime's pool. Their errno stays there.
  readLater: { name: "read", parameters: ["i32", "buffer", "usize"], result: "isize", nonblocking: true },
  writeLater: { name: "write", parameters: ["i32", "buffer", "usize"], result: "isize", nonblocking: true },
  ftruncateLater: { name: "ftruncate", parameters: ["i32", "i64"], result: "i32", nonblocking: true },
  fsync: { parameters: ["i32"], result: "i32", nonblocking: true },
  fdatasync: { parameters: ["i32"], result: "i32", nonblocking: true },
  malloc_trim: { parameters: ["usize"], result: "i32" },
  // Blocks, so it runs in a thread of the runtime's pool. Its errno stays there.
  sendfile: { parameters: ["i32", "i32", "buffer", "usize"], result: "isize", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;

/**
 * The functions. Each is called as in its manual page; a negative result is a failure ({@link "./system_error.ts"}).
 */
export type Libc = Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;

/** An open library. */
export interface LibcHandle {
  readonly symbols: Libc;
  /** Makes all functions that are still to be made, which the permission is needed for. */
  complete(): void;
  close(): void;
}

/** The options of {@link openLibc}. */
export interface LibcOptions {
  /**
   * Makes each function when it is first called: 40 to 100 µs for each, as the runtime compiles a way to call it, and a
   * tenth of the start of a server for all of them. The permission must last until {@link LibcHandle.complete}.
   *
   * @default false
   */
  readonly lazily?: boolean;
}

/** Its paths for this processor: Debian and derivatives, Fedora and derivatives, Arch. */
export function libcPaths(architecture: string): readonly [string, ...string[]] {
  return [`/lib/${architecture}-linux-gnu/libc.so.6`, "/lib64/libc.so.6", "/usr/lib/libc.so.6"];
}

/** The paths to try. */
export const LIBC_PATHS = libcPaths(Deno.build.arch);

/** Flags of `open`: these two differ between processors. */
const [directory, noFollow] = Deno.build.arch === "x86_64" ? [0o200000, 0o400000] : [0o40000, 0o100000];
export const O_DIRECTORY = directory;
export const O_NOFOLLOW = noFollow;
/** Opens only the name: to query it, and for calls that take a directory in place of {@link AT_FDCWD}. */
export const O_PATH = 0o10000000;
export const O_WRONLY = 0o1;
export const O_APPEND = 0o2000;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_NOCTTY = 0o400;
export const O_CLOEXEC = 0o2000000;
export const O_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = O_CLOEXEC;
export const SOCK_NONBLOCK = O_NONBLOCK;
export const SOL_SOCKET = 1;
export const SHUT_WR = 1;
/** For calls that take a directory: the path is absolute, or relative to the working directory. */
export const AT_FDCWD = -100;
export const AT_REMOVEDIR = 0x200;
/** For `statx` and others. */
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_NO_AUTOMOUNT = 0x800;
export const AT_EMPTY_PATH = 0x1000;

/**
 * Opens the library at the first of {@link LIBC_PATHS} where it exists and may be opened; `undefined` if there is none,
 * one of the functions is missing (`statx` came with glibc 2.28, `getdents64` with 2.30), or it is another system.
 */
export function openLibc({ lazily = false }: LibcOptions = {}): LibcHandle | undefined {
  if (Deno.build.os !== "linux") return undefined;
  for (const path of LIBC_PATHS) {
    if (Deno.permissions.querySync({ name: "ffi", path }).state !== "granted") continue;
    try {
      return lazily ? openLazily(path) : openWhole(path);
    } catch {
      // Not at this path.
    }
  }
  return undefined;
}

function openWhole(path: string): LibcHandle {
  const library = Deno.dlopen(path, SYMBOLS);
  return { symbols: library.symbols, complete: () => {}, close: () => library.close() };
}

function openLazily(path: string): LibcHandle {
  const names = Object.keys(SYMBOLS) as (keyof Libc)[];
  // Finds out at once whether one is missing: nothing is compiled for calls in the pool.
  const inPool = names.map((name) => [name, { ...SYMBOLS[name], nonblocking: true }]);
  const opened: { close(): void }[] = [Deno.dlopen(path, Object.fromEntries(inPool))];
  const make = (name: keyof Libc): unknown => {
    const library = Deno.dlopen(path, { [name]: SYMBOLS[name] });
    opened.push(library);
    const value = library.symbols[name];
    Object.defineProperty(symbols, name, { value });
    return value;
  };
  const makers = names.map((name) => [name, { get: () => make(name) }]);
  const symbols: Libc = Object.create(Object.create(null, Object.fromEntries(makers)));
  return {
    symbols,
    complete() {
      for (const name of names) void symbols[name];
    },
    close() {
      for (const library of opened) library.close();
    },
  };
}

/** `text` as a C string, including bytes that are not UTF-8. It must not contain NUL. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return bytesOfName(`${text}\0`);
}

/** Events of `poll(2)`: something to read or the end, and room for something to write. */
export const POLLIN = 0x1;
export const POLLOUT = 0x4;

/** A `struct pollfd`, for one call at a time. All processors that the runtime supports have the lowest byte first. */
const polled = new Int32Array(2);

/**
 * Waits until any of `events` holds for `socket`, at most `wait` milliseconds: what holds then, as in `poll(2)`; 0 if
 * nothing does.
 */
export function pollSocket(
  libc: Libc,
  socket: number,
  { events, wait }: { readonly events: number; readonly wait: number },
): number {
  polled[0] = socket;
  polled[1] = events;
  return libc.poll(polled, 1n, wait) > 0 ? (polled[1] ?? 0) >>> 16 : 0;
}

/** The library takes shared memory as well, although the type does not say so. */
export function memory(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
