import { openDisk } from "../../lib/vfs/disk.ts";
import { MemoryVfs } from "../../lib/vfs/memory.ts";
import { parsePermissions } from "../../lib/vfs/permissions.ts";
import { withQuota } from "../../lib/vfs/quota.ts";
import { scopeVfs } from "../../lib/vfs/scoped.ts";
import { withUploadPolicy } from "../../lib/vfs/uploads.ts";
import { UsageMeter } from "../../lib/vfs/usage.ts";
import type { Vfs } from "../../lib/vfs/vfs.ts";
import { HAS_NATIVE, nativeIo } from "../helpers/native.ts";
import { conformance, type Subject } from "./conformance.ts";

function inMemory(wrap: (vfs: Vfs) => Vfs): () => Promise<Subject> {
  return () => Promise.resolve({ vfs: wrap(new MemoryVfs()), cleanup: () => Promise.resolve() });
}

function onDisk(wrap: (vfs: Vfs) => Vfs): () => Promise<Subject> {
  return async () => {
    const dir = await Deno.makeTempDir({ prefix: "denoftpd-" });
    return { vfs: wrap(await openDisk(dir)), cleanup: () => Deno.remove(dir, { recursive: true }) };
  };
}

/** Directories are read by calls of the C library. */
async function onDiskNatively(): Promise<Subject> {
  const dir = await Deno.makeTempDir({ prefix: "denoftpd-" });
  const native = nativeIo();
  const cleanup = () => {
    native[Symbol.dispose]();
    return Deno.remove(dir, { recursive: true });
  };
  return { vfs: await openDisk(dir, { readDirectory: native.readDirectory }), cleanup };
}

function scoped(vfs: Vfs): Vfs {
  return scopeVfs(vfs, { rules: [{ path: "/", ...parsePermissions("rw") }] });
}

function quota(vfs: Vfs): Vfs {
  return withQuota(vfs, { limit: 2 ** 30, usage: new UsageMeter() });
}

function atomic(vfs: Vfs): Vfs {
  return withUploadPolicy(vfs, { mode: "atomic", broken: "delete" });
}

conformance("memory", inMemory((vfs) => vfs));
conformance("disk", onDisk((vfs) => vfs));
if (HAS_NATIVE) conformance("disk by the C library", onDiskNatively);
conformance("scoped memory", inMemory(scoped));
conformance("scoped disk", onDisk(scoped));
conformance("atomic memory", inMemory(atomic));
conformance("quota memory", inMemory(quota));
// As an account has them on top of each other.
conformance("whole stack on disk", onDisk((vfs) => scoped(atomic(quota(vfs)))));
conformance(
  "uploads in place that delete what broke off",
  inMemory((vfs) => withUploadPolicy(vfs, { mode: "inPlace", broken: "delete" })),
);
