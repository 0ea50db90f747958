import { assert } from "@std/assert";
import { openDisk } from "../../lib/drivers/disk/disk.ts";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { DigestCache } from "../../lib/data/digest/digest.ts";
import { parseAccess } from "../../lib/vfs/access_rules.ts";
import { withCreationModes } from "../../lib/vfs/creation_modes.ts";
import { withDigests } from "../../lib/vfs/digests.ts";
import { withNameFilter } from "../../lib/vfs/name_filter.ts";
import { withQuota } from "../../lib/vfs/quota.ts";
import { scopeVfs } from "../../lib/vfs/access.ts";
import { withSizeLimit } from "../../lib/vfs/size_limit.ts";
import { withUploadPolicy } from "../../lib/vfs/uploads.ts";
import { UsageMeter } from "../../lib/vfs/usage.ts";
import type { Vfs } from "../../lib/vfs/vfs.ts";
import { HAS_NATIVE, nativeIo } from "../helpers/native.ts";
import { at } from "./helpers.ts";
import { WholeFiles } from "./whole_files.ts";
import { type Subject, testDriver } from "../../lib/vfs/testing/mod.ts";

function inMemory(wrap: (vfs: Vfs) => Vfs): () => Promise<Subject> {
  return () => Promise.resolve({ vfs: wrap(new MemoryVfs()) });
}

function onDisk(wrap: (vfs: Vfs) => Vfs): () => Promise<Subject> {
  return async () => {
    const dir = await Deno.makeTempDir({ prefix: "denoftpd-" });
    const cleanup = () => Deno.remove(dir, { recursive: true });
    return { vfs: wrap(await openDisk(dir)), link: linkIn(dir), cleanup };
  };
}

function linkIn(dir: string): NonNullable<Subject["link"]> {
  return (target, path) => Deno.symlink(target, `${dir}${path}`);
}

/** Directories are read by calls of the C library. */
async function onDiskNatively(): Promise<Subject> {
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

function digests(vfs: Vfs): Vfs {
  return withDigests(vfs, { memory: new DigestCache(), root: "/" });
}

function atomic(vfs: Vfs): Vfs {
  return withUploadPolicy(vfs, { mode: "atomic", broken: "delete" });
}

const MASKS = { files: 0o022, directories: 0o022 };

function filtered(vfs: Vfs): Vfs {
  return withNameFilter(vfs, { hides: (name) => name === "hidden", denies: (name) => name === "denied" });
}

function safe(vfs: Vfs): Vfs {
  return withUploadPolicy(vfs, { mode: "safe", broken: "keep" });
}

await testDriver("memory", inMemory((vfs) => vfs));
await testDriver("disk", onDisk((vfs) => vfs));
if (HAS_NATIVE) await testDriver("disk by the C library", onDiskNatively);
await testDriver("scoped memory", inMemory(scoped));
await testDriver("scoped disk", onDisk(scoped));
await testDriver("atomic memory", inMemory(atomic));
await testDriver("safe memory", inMemory(safe));
await testDriver("safe disk", onDisk(safe));
await testDriver("safe whole files", inMemory((vfs) => safe(new WholeFiles(vfs))));
await testDriver("whole stack on disk, safe", onDisk((vfs) => scoped(safe(digests(quota(vfs))))));
await testDriver("quota memory", inMemory(quota));
await testDriver("whole files", inMemory((vfs) => new WholeFiles(vfs)));
await testDriver("atomic whole files", inMemory((vfs) => atomic(new WholeFiles(vfs))));
// As an account has them on top of each other.
await testDriver("whole stack on disk", onDisk((vfs) => scoped(atomic(digests(quota(vfs))))));
// An account with every limit that its fields can set.
await testDriver(
  "limited stack on disk",
  onDisk((vfs) => scoped(filtered(atomic(digests(withSizeLimit(quota(withCreationModes(vfs, MASKS)), 2 ** 30)))))),
);
await testDriver(
  "uploads in place that delete what broke off",
  inMemory((vfs) => withUploadPolicy(vfs, { mode: "inPlace", broken: "delete" })),
);

for (const [name, make] of Object.entries({ memory: inMemory((vfs) => vfs), disk: onDisk((vfs) => vfs) })) {
  Deno.test(`${name} lists in batches of at most 64 entries`, async () => {
    const { vfs, cleanup } = await make();
    for (let index = 0; index < 300; index++) await (await vfs.openWrite(at(`/f${index}`))).commit();
    const sizes = (await Array.fromAsync(vfs.list(at("/")))).map((batch) => batch.length);
    assert(Math.max(...sizes) <= 64 && sizes.length >= 5, sizes.join());
    await cleanup?.();
  });
}
