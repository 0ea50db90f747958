/**
 * What the C library does better than the runtime: sending files, reading directories, finding paths.
 *
 * @module
 */

import type { FileSender } from "../data/file_sender.ts";
import type { ContainedCalls, DirectoryReader } from "../drivers/disk/calls.ts";
import { ContainedPaths } from "./contained_paths.ts";
import { openLibc } from "./libc.ts";
import { directoryReader } from "./read_directory.ts";
import { fileSender } from "./send_file.ts";

/** See the module. To be closed when nothing uses it any more. */
export interface NativeIo extends Disposable {
  readonly fileSender: FileSender;
  readonly readDirectory: DirectoryReader;
  /** Absent where the system has no `openat2`: before Linux 5.6. */
  readonly paths?: ContainedCalls;
}

/** `undefined` where the library is not to be had: another system, or no permission (`--allow-ffi`). */
export function openNativeIo(): NativeIo | undefined {
  const libc = openLibc();
  if (!libc) return undefined;
  const paths = ContainedPaths.probe(libc.symbols);
  return {
    fileSender: fileSender(libc.symbols),
    readDirectory: directoryReader(libc.symbols, paths),
    ...(paths && { paths }),
    [Symbol.dispose]: () => libc.close(),
  };
}
