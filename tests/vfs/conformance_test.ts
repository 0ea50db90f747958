import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { parseAccess } from "../../lib/vfs/access_rules.ts";
import { withQuota } from "../../lib/vfs/quota.ts";
import { scopeVfs } from "../../lib/vfs/access.ts";
import { withUploadPolicy } from "../../lib/vfs/uploads.ts";
import { UsageMeter } from "../../lib/vfs/usage.ts";
import type { Vfs } from "../../lib/vfs/vfs.ts";
import { HAS_NATIVE, nativeIo } from "../helpers/native.ts";
import { conformance, linkingConformance, type LinkingSubject, type Subject } from "./conformance.ts";

function inMemory(wrap: (vfs: Vfs) => Vfs): () => Promise<Subject> {
  return () => Promise.resolve({ vfs: wrap(new MemoryVfs()), cleanup: () => Promise.resolve() });
}

function onDisk(wrap: (vfs: Vfs) => Vfs): () => Promise<LinkingSubject> {
  return async () => {
    const dir = await Deno.makeTempDir({ prefix: "denoftpd-" });
    const cleanup = () => Deno.remove(dir, { recursive: true });
    return { vfs: wrap(await openDisk(dir)), link: linkIn(dir), cleanup };
  };
}

function linkIn(dir: string): LinkingSubject["link"] {
  return (target, path) => Deno.symlink(target, `${dir}${path}`);
}

/** Directories are read by calls of the C library. */
async function onDiskNatively(): Promise<LinkingSubject> {
  const dir = await Deno.makeTempDir({ prefix: "denoftpd-" });
  const native = nativeIo();
  const cleanup = () => {
    native[Symbol.dispose]();
    return Deno.remove(dir, { recursive: true });
  };
  return {
    vfs: await openDisk(dir, { readDirectory: native.readDirectory, paths: native.paths }),
    link: linkIn(dir),
    cleanup,
  };
}

function scoped(vfs: Vfs): Vfs {
  return scopeVfs(vfs, { rules: [{ path: "/", ...parseAccess("rw") }] });
}

function quota(vfs: Vfs): Vfs {
  return withQuota(vfs, { limit: 2 ** 30, usage: new UsageMeter() });
}

function atomic(vfs: Vfs): Vfs {
  return withUploadPolicy(vfs, { mode: "atomic", broken: "delete" });
}

conformance("memory", inMemory((vfs) => vfs));
linkingConformance("disk", onDisk((vfs) => vfs));
if (HAS_NATIVE) linkingConformance("disk by the C library", onDiskNatively);
conformance("scoped memory", inMemory(scoped));
linkingConformance("scoped disk", onDisk(scoped));
conformance("atomic memory", inMemory(atomic));
conformance("quota memory", inMemory(quota));
// As an account has them on top of each other.
linkingConformance("whole stack on disk", onDisk((vfs) => scoped(atomic(quota(vfs)))));
conformance(
  "uploads in place that delete what broke off",
  inMemory((vfs) => withUploadPolicy(vfs, { mode: "inPlace", broken: "delete" })),
);
