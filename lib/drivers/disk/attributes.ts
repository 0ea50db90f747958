/**
 * Modes, times and free space of the disk driver.
 *
 * @module
 */

import { statfsSync } from "node:fs";
import { attempt } from "./errors.ts";
import type { DiskRoot } from "./root.ts";
import type { Space, VfsCapabilities, VirtualPath } from "../../vfs/vfs.ts";
import { ROOT } from "../../vfs/virtual_path.ts";

/** What can be done below `root`, on this system and with the permissions granted to the runtime. */
export function diskExtras(root: DiskRoot): VfsCapabilities {
  return {
    ...(Deno.build.os !== "windows" && {
      setMode: (path, mode) => attempt(path, () => setMode(root, root.follow(path), mode)),
    }),
    setModified: (path, modified) => attempt(path, () => root.changes.setModified(root.follow(path), modified)),
    ...(canTellSpace(root) && { space: (path: VirtualPath) => attempt(path, () => spaceAt(root.follow(path))) }),
  };
}

/** Rights of the owner without which a directory could be neither listed nor counted. */
const OWNER_ALL = 0o700;

function setMode(root: DiskRoot, real: string, mode: number): void {
  root.changes.setMode(real, root.lstat(real).isDirectory ? mode | OWNER_ALL : mode);
}

/**
 * `statfs` needs another permission besides read, `--allow-sys=statfs`; trying without it would prompt the user at a
 * terminal.
 */
function canTellSpace(root: DiskRoot): boolean {
  if (Deno.permissions.querySync({ name: "sys", kind: "statfs" }).state !== "granted") return false;
  try {
    spaceAt(root.place(ROOT));
    return true;
  } catch {
    return false;
  }
}

function spaceAt(real: string): Space {
  const { bavail, blocks, bsize } = statfsSync(real);
  return { free: bavail * bsize, total: blocks * bsize };
}
