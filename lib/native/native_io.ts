/**
 * What the C library does better than the runtime: sending files, reading directories.
 *
 * @module
 */

import type { FileSender } from "../data/file_sender.ts";
import type { DirectoryReader } from "../vfs/disk_list.ts";
import { openLibc } from "./libc.ts";
import { directoryReader } from "./read_directory.ts";
import { fileSender } from "./send_file.ts";

/** See the module. To be closed when nothing uses it any more. */
export interface NativeIo extends Disposable {
  readonly fileSender: FileSender;
  readonly readDirectory: DirectoryReader;
}

/** `undefined` where the library is not to be had: another system, or no permission (`--allow-ffi`). */
export function openNativeIo(): NativeIo | undefined {
  const libc = openLibc();
  return libc && {
    fileSender: fileSender(libc.symbols),
    readDirectory: directoryReader(libc.symbols),
    [Symbol.dispose]: () => libc.close(),
  };
}
