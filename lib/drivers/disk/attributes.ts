/**
 * Modes, times and free space of the disk driver, and what else it can do only here and there.
 *
 * @module
 */

import { attempt, kindOf } from "./errors.ts";
import type { Found } from "./calls.ts";
import { foldsNames } from "./folded_names.ts";
import { resolveLinks } from "./links.ts";
import { infoBehind } from "./list.ts";
import type { DiskRoot } from "./root.ts";
import { removeStalePart } from "./stale_parts.ts";
import { nodeFs } from "../../net/node_modules.ts";
import type { Space, VfsCapabilities, VirtualPath } from "../../vfs/vfs.ts";
import { foldPath, ROOT } from "../../vfs/virtual_path.ts";

/** What can be done below `root`, on this system and with the permissions granted to the runtime. */
export function diskExtras(root: DiskRoot): VfsCapabilities {
  return {
    ...(Deno.build.os !== "windows" && {
      setMode: (path, mode) => attempt(path, () => setMode(root, root.reach(path), mode)),
      copyAttributes: (from, to, known) =>
        attempt(to, () => {
          const info = (known && infoBehind(known)) ?? root.reach(from).info;
          copyAttributes(root, info, root.reach(to));
        }),
    }),
    ...(foldsNames(root.place(ROOT)) && { samePath: foldPath }),
    resolve: (path) => attempt(path, () => resolveLinks(root, path)),
    removeStale: (path) => removeStalePart(root, root.place(path)),
    setModified: (path, modified) => attempt(path, () => root.changes.setModified(root.follow(path), modified)),
    ...(canTellSpace(root) && { space: (path: VirtualPath) => attempt(path, () => spaceAt(root.follow(path))) }),
  };
}

/** Rights of the owner without which a directory could be neither listed nor counted. */
const OWNER_ALL = 0o700;

function setMode(root: DiskRoot, { real, info }: Found, mode: number): void {
  root.changes.setMode(real, info.isDirectory ? mode | OWNER_ALL : mode);
}

/** Rights to read, write and execute; what makes a program run as its owner must not pass to what a client sends. */
const PLAIN_BITS = 0o777;
const ALL_BITS = 0o7777;

function copyAttributes(root: DiskRoot, { uid, gid, mode }: Deno.FileInfo, { real: to, info: own }: Found): void {
  // Each by itself: who may not give files away may still be in the group.
  if (uid !== own.uid) permitted(() => root.changes.setOwner(to, uid, null));
  if (gid !== own.gid) permitted(() => root.changes.setOwner(to, null, gid));
  if (mode === null || own.mode === null) return;
  if ((mode & PLAIN_BITS) !== (own.mode & ALL_BITS)) root.changes.setMode(to, mode & PLAIN_BITS);
}

function permitted(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (kindOf(error) !== "denied") throw error;
  }
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
  const { bavail, blocks, bsize } = nodeFs().statfsSync(real);
  return { free: bavail * bsize, total: blocks * bsize };
}
