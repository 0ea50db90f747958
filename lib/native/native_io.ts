/**
 * What the C library does better than the runtime: sending files, reading directories, resolving paths.
 *
 * @module
 */

import type { DataEngine } from "../data/engine.ts";
import type { PrepareListener } from "../net/connection.ts";
import type { ContainedCalls, DirectoryReader } from "../drivers/disk/calls.ts";
import { ContainedPaths } from "./contained_paths.ts";
import { type LibcOptions, openLibc } from "./libc.ts";
import { NativeEngine } from "./native_engine.ts";
import { directoryReader } from "./read_directory.ts";
import { prepareListener } from "./socket_ends.ts";

/** Functions of the C library that replace slower or weaker ones of the runtime. To be closed when no longer used. */
export interface NativeIo extends Disposable {
  /** Makes connections of this event loop that send large files by themselves. */
  readonly dataEngine: DataEngine;
  /** Reads directories, as an option of the disk driver. */
  readonly readDirectory: DirectoryReader;
  /** Sets on a socket that listens what each of its connections is to have: an option of servers and TLS endpoints. */
  readonly prepareListener: PrepareListener;
  /** Absent if the system has no `openat2`: before Linux 5.6. */
  readonly paths?: ContainedCalls;
  /** Gives the system back what the process has freed: the C library keeps it otherwise. Takes about 0.1 ms. */
  returnMemory(): void;
  /** Prepares the calls that {@link LibcOptions.lazily} has put off, before the permission is given up. */
  complete(): void;
}

/** `undefined` if the library is not available: another system, or no permission (`--allow-ffi`). */
export function openNativeIo(options: LibcOptions = {}): NativeIo | undefined {
  const libc = openLibc(options);
  if (!libc) return undefined;
  const paths = ContainedPaths.probe(libc.symbols);
  return {
    dataEngine: new NativeEngine(libc.symbols),
    readDirectory: directoryReader(libc.symbols, paths),
    prepareListener: (address) => prepareListener(libc.symbols, address),
    ...(paths && { paths }),
    returnMemory: () => void libc.symbols.malloc_trim(0n),
    complete: () => libc.complete(),
    [Symbol.dispose]: () => libc.close(),
  };
}
