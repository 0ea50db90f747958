import { assertEquals } from "@std/assert";
import { type DiskVfs, openDisk } from "../../lib/vfs/disk.ts";
import { assertFails, at, listAll, readText, withTempDir } from "./helpers.ts";

type Call = "statSync" | "realPathSync" | "lstatSync" | "openSync";

/** Runs `swap` right before the system is asked `call` for the first time, as somebody with a shell on the host could. */
async function withSwapBefore(call: Call, options: { swap: () => void; during: () => Promise<void> }): Promise<void> {
  const original = Object.getOwnPropertyDescriptor(Deno, call)!;
  Object.defineProperty(Deno, call, {
    configurable: true,
    writable: true,
    value: (...args: unknown[]) => {
      Object.defineProperty(Deno, call, original);
      options.swap();
      return Reflect.apply(original.value, Deno, args);
    },
  });
  try {
    await options.during();
  } finally {
    Object.defineProperty(Deno, call, original);
  }
}

/** `root/dir/file` inside, `outside/file` beside it, and a swap that makes `dir` a link to `outside`. */
async function withTree(
  check: (tree: { vfs: DiskVfs; swapDirectory: () => void; swapFile: () => void; outside: string }) => Promise<void>,
): Promise<void> {
  await withTempDir(async (base) => {
    await Deno.mkdir(`${base}/root/dir`, { recursive: true });
    await Deno.mkdir(`${base}/outside`);
    await Deno.writeTextFile(`${base}/root/dir/file`, "inside");
    await Deno.writeTextFile(`${base}/outside/file`, "secret");
    await check({
      vfs: await openDisk(`${base}/root`),
      outside: `${base}/outside`,
      swapDirectory: () => {
        Deno.renameSync(`${base}/root/dir`, `${base}/root/was`);
        Deno.symlinkSync(`${base}/outside`, `${base}/root/dir`);
      },
      swapFile: () => {
        Deno.removeSync(`${base}/root/dir/file`);
        Deno.symlinkSync(`${base}/outside/file`, `${base}/root/dir/file`);
      },
    });
    assertEquals(await Deno.readTextFile(`${base}/outside/file`), "secret");
  });
}

const SWAPS: readonly (readonly [Call, "notFound" | "busy"])[] = [
  ["statSync", "notFound"],
  ["realPathSync", "notFound"],
  ["openSync", "busy"],
];

for (const [call, kind] of SWAPS) {
  Deno.test(`DiskVfs notices a directory swapped for a link before ${call} of an open`, async () => {
    for (const action of ["openRead", "openWrite"] as const) {
      await withTree(({ vfs, swapDirectory }) =>
        withSwapBefore(call, {
          swap: swapDirectory,
          during: () => assertFails(kind, () => vfs[action](at("/dir/file"))),
        })
      );
    }
  });

  Deno.test(`DiskVfs notices a file swapped for a link before ${call} of an open`, async () => {
    await withTree(({ vfs, swapFile }) =>
      withSwapBefore(call, { swap: swapFile, during: () => assertFails(kind, () => vfs.openRead(at("/dir/file"))) })
    );
  });
}

Deno.test("DiskVfs makes nothing but an empty file through a directory swapped before the open", () =>
  withTree(async ({ vfs, swapDirectory, outside }) => {
    const during = () => assertFails("busy", () => vfs.openWrite(at("/dir/new"), { exclusive: true }));
    await withSwapBefore("openSync", { swap: swapDirectory, during });
    assertEquals(await Deno.readTextFile(`${outside}/new`), "");
  }));

Deno.test("DiskVfs lists nothing of a directory swapped before it is looked at", () =>
  withTree(async ({ vfs, swapDirectory }) => {
    await withSwapBefore("lstatSync", {
      swap: swapDirectory,
      during: () => assertFails("notDirectory", () => listAll(vfs, "/dir")),
    });
  }));

Deno.test("DiskVfs leaves no swap behind in these tests", () =>
  withTree(async ({ vfs }) => assertEquals(await readText(vfs, "/dir/file"), "inside")));
