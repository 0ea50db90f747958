import { assertEquals } from "@std/assert";
import { type DiskVfs, type DiskVfsOptions, openDisk } from "../../../lib/drivers/disk/disk.ts";
import type { ContainedCalls } from "../../../lib/drivers/disk/calls.ts";
import type { NativeIo } from "../../../lib/native/native_io.ts";
import { nativeIo, nativeTest } from "../../helpers/native.ts";
import { assertFails, at, listAll, readText, withTempDir } from "../../vfs/helpers.ts";

type Call = "statSync" | "realPathSync" | "lstatSync" | "openSync";

interface Tree {
  readonly vfs: DiskVfs;
  readonly swapDirectory: () => void;
  readonly swapBack: () => void;
  readonly swapFile: () => void;
  readonly outside: string;
}

/**
 * Runs `swap` right before the system is asked `call` for the first time, as somebody with a shell on the host could.
 */
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

/**
 * Runs each swap right before the system is asked its call for the first time, and no sooner than the one before it.
 */
async function withSwapsBefore(
  [next, ...rest]: readonly (readonly [call: Call, swap: () => void])[],
  during: () => Promise<void>,
): Promise<void> {
  if (next === undefined) return await during();
  const [call, swap] = next;
  let swapped = false;
  const original = Object.getOwnPropertyDescriptor(Deno, call)!;
  Object.defineProperty(Deno, call, {
    ...original,
    value: (...args: unknown[]) => {
      if (!swapped) swap();
      swapped = true;
      return Reflect.apply(original.value, Deno, args);
    },
  });
  try {
    await withSwapsBefore(rest, during);
  } finally {
    Object.defineProperty(Deno, call, original);
  }
}

/** `root/dir/file` inside, `outside/file` beside it, and a swap that makes `dir` a link to `outside`. */
async function withTree(
  check: (tree: Tree) => Promise<void>,
  options: DiskVfsOptions = {},
): Promise<void> {
  await withTempDir(async (base) => {
    await Deno.mkdir(`${base}/root/dir`, { recursive: true });
    await Deno.mkdir(`${base}/outside`);
    await Deno.writeTextFile(`${base}/root/dir/file`, "inside");
    await Deno.writeTextFile(`${base}/outside/file`, "secret");
    await check({
      vfs: await openDisk(`${base}/root`, options),
      outside: `${base}/outside`,
      swapDirectory: () => {
        Deno.renameSync(`${base}/root/dir`, `${base}/root/was`);
        Deno.symlinkSync(`${base}/outside`, `${base}/root/dir`);
      },
      swapBack: () => {
        Deno.removeSync(`${base}/root/dir`);
        Deno.renameSync(`${base}/root/was`, `${base}/root/dir`);
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

for (const action of ["openRead", "openWrite"] as const) {
  Deno.test(`DiskVfs notices in ${action} a directory swapped out, back for the real path, and out again`, () =>
    withTree(async ({ vfs, swapDirectory, swapBack }) => {
      const swaps = [["statSync", swapDirectory], ["realPathSync", swapBack], ["openSync", swapDirectory]] as const;
      await withSwapsBefore(swaps, () => assertFails("busy", () => vfs[action](at("/dir/file"))));
    }));

  nativeTest(`DiskVfs opens nothing in ${action} through a directory swapped before it, by the C library`, async () => {
    using native = nativeIo();
    await withTree(async ({ swapDirectory, outside }) => {
      const swapping = await openSwapping(outside, native, { before: "open", swap: swapDirectory });
      await assertFails("notFound", () => swapping[action](at("/dir/file")));
    });
    // A path with a link in it is left to the runtime, and what that opens is compared.
    await withTree(async ({ vfs, swapDirectory, swapBack, outside }) => {
      Deno.symlinkSync("dir", outside.replace(/outside$/, "root/link"));
      const swaps = [["statSync", swapDirectory]] as const;
      await withSwapsBefore(swaps, () => assertFails("notFound", () => vfs[action](at("/link/file"))));
      swapBack();
      const later = [["openSync", swapDirectory]] as const;
      await withSwapsBefore(later, () => assertFails("busy", () => vfs[action](at("/link/file"))));
    }, { paths: native.paths });
  });
}

nativeTest("DiskVfs makes nothing through a directory swapped before the open, by the C library", async () => {
  using native = nativeIo();
  await withTree(async ({ vfs, swapDirectory, outside }) => {
    const swapping = await openSwapping(outside, native, { before: "createOpen", swap: swapDirectory });
    await assertFails("notFound", () => swapping.openWrite(at("/dir/new"), { exclusive: true }));
    assertEquals((await Array.fromAsync(Deno.readDir(outside))).map(({ name }) => name), ["file"]);
    await assertFails("notFound", () => vfs.openRead(at("/dir/file")));
  }, { paths: native.paths });
});

/** The root beside `outside`, where `swap` comes right before the very call that would open the file. */
function openSwapping(
  outside: string,
  { paths: real }: NativeIo,
  { before, swap }: { readonly before: keyof ContainedCalls; readonly swap: () => void },
): Promise<DiskVfs> {
  const paths = new Proxy(real!, {
    get: (target, name: keyof ContainedCalls) => (...args: Parameters<ContainedCalls[typeof name]>) => {
      if (name === before) swap();
      return Reflect.apply(target[name], target, args);
    },
  });
  return openDisk(outside.replace(/outside$/, "root"), { paths });
}

Deno.test("DiskVfs meets no swapped file after these tests", () =>
  withTree(async ({ vfs }) => assertEquals(await readText(vfs, "/dir/file"), "inside")));
