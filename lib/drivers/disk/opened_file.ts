/**
 * Files that have just been opened, with what the system reports about them.
 *
 * @module
 */

import type { ContainedCalls, DiskFile, FileUse, ObjectNumbers, OpenedFile } from "./calls.ts";
import { tellsLate } from "./late_errors.ts";
import { VfsError } from "../../vfs/vfs.ts";

/** Whether both are the same object of the file system. */
export function isSame(one: ObjectNumbers, other: ObjectNumbers): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/** `file`, opened at the real path `real`; closed if it cannot be looked at. */
export function described(real: string, file: DiskFile): OpenedFile {
  try {
    return { real, file, info: file.statSync() };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Opens a file by the runtime; closed again if `verify` throws. */
export function openVerified(
  real: string,
  { use, createNew = false }: { readonly use: FileUse; readonly createNew?: boolean },
  verify: (info: Deno.FileInfo) => void,
): OpenedFile {
  const how = { [use]: true, ...(createNew && { write: true, createNew }) };
  const opened = described(real, Deno.openSync(real, how));
  try {
    verify(opened.info);
    return opened;
  } catch (error) {
    opened.file.close();
    throw error;
  }
}

/**
 * What the C library has opened, or the same file opened by the runtime where the reason of a late failure matters: in
 * a thread of the runtime's pool the library cannot tell it.
 */
export function kept(opened: OpenedFile, use: FileUse, calls: ContainedCalls | undefined): OpenedFile {
  const { real, info, file } = opened;
  if (use === "read" || !tellsLate(info.dev, real, calls)) return opened;
  file.close();
  return openVerified(real, { use }, (now) => {
    if (!isSame(now, info)) throw new VfsError("busy", `Changed during the open: "${real}"`);
  });
}
