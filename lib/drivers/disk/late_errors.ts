/**
 * Which file systems report late that they could not store what was written: at close(2), whose error the runtime
 * drops. Those over a network do (NFS, SMB, FUSE, 9P, Ceph …), where only the other end knows of a quota or a full
 * disk. They get an fdatasync before, which costs nothing extra, as they would send the rest at the close anyway. A
 * local disk reports at the write, and gets none: it would cost milliseconds per upload.
 *
 * @module
 */

import { nodeFs } from "../../net/node_modules.ts";
import type { ContainedCalls } from "./calls.ts";

/**
 * Numbers of the local file systems of Linux without a block device of their own (statfs(2)): others of that kind are
 * remote or unknown.
 */
const LOCAL_TYPES: ReadonlySet<number> = new Set([
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x794c7630, // overlayfs
  0x9123683e, // btrfs
  0x2fc12fc1, // zfs
  0xca451a4e, // bcachefs
]);

const known = new Map<number, boolean>();

/**
 * Whether the file system with this device number may report errors late; `real` is a path on it. Unknown ones may.
 *
 * @param calls tell what is in memory without a permission for that: such a file system has nothing to be late with.
 */
export function tellsLate(device: number, real: string, calls?: Pick<ContainedCalls, "isInMemory">): boolean {
  let late = known.get(device);
  if (late === undefined) {
    late = findOut(device, real) && calls?.isInMemory(real, device) !== true;
    known.set(device, late);
  }
  return late;
}

function findOut(device: number, real: string): boolean {
  switch (Deno.build.os) {
    case "windows":
      // Drive letters are resolved in a real path; a share is `\\server\share`.
      return real.startsWith("\\\\");
    case "darwin":
      // Disks have major number 1, network volumes have others.
      return device >>> 24 !== 1;
    case "linux":
      // Without a block device of its own the major number is 0.
      return device <= 0xffffffff && (device >>> 8 & 0xfff) === 0 && !isLocal(real);
    default:
      return true;
  }
}

/**
 * `statfs` needs another permission besides read, `--allow-sys=statfs`; trying without it would prompt the user at a
 * terminal.
 */
function isLocal(real: string): boolean {
  if (Deno.permissions.querySync({ name: "sys", kind: "statfs" }).state !== "granted") return false;
  try {
    return LOCAL_TYPES.has(nodeFs().statfsSync(real).type >>> 0);
  } catch {
    return false;
  }
}
