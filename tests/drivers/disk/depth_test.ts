import { assert, assertEquals } from "@std/assert";
import { openDisk } from "../../../lib/drivers/disk/disk.ts";
import { VfsError, type VirtualPath } from "../../../lib/vfs/vfs.ts";
import { resolvePath, ROOT } from "../../../lib/vfs/virtual_path.ts";
import { withTempDir } from "../../vfs/helpers.ts";

/** Calls that find a path, and how many names of it the system goes through for each of its names. */
const LOOKS = { statSync: 1, lstatSync: 1, openSync: 1, mkdirSync: 1, realPathSync: "all before it" } as const;

/** Resolves to how many names the system went through for `work`. */
async function namesWalked(work: () => Promise<unknown>): Promise<number> {
  let walked = 0;
  const originals = Object.keys(LOOKS).map((call) => [call, Object.getOwnPropertyDescriptor(Deno, call)!] as const);
  for (const [call, original] of originals) {
    Object.defineProperty(Deno, call, {
      ...original,
      value: (path: string, ...rest: unknown[]) => {
        const names = path.split("/").length - 1;
        walked += call === "realPathSync" ? names * (names + 1) / 2 : names;
        return Reflect.apply(original.value, Deno, [path, ...rest]);
      },
    });
  }
  try {
    await work();
  } finally {
    for (const [call, original] of originals) Object.defineProperty(Deno, call, original);
  }
  return walked;
}

/**
 * Makes directories in each other below `root` until a path to the last one is refused. Gives the last one, at most
 * `most` down.
 */
function dig(root: string, most: number): VirtualPath {
  let deepest = ROOT;
  let real = root;
  for (let depth = 0; depth < most; depth++) {
    try {
      deepest = resolvePath(deepest, "d");
    } catch (error) {
      assert(error instanceof VfsError);
      break;
    }
    Deno.mkdirSync(real += "/d");
  }
  return deepest;
}

Deno.test("DiskVfs goes through a bounded number of names for one command, however deep a client digs", () =>
  withTempDir(async (root) => {
    const vfs = await openDisk(root);
    const deepest = dig(root, 1000);
    const path = (name: string) => `${deepest}/${name}` as VirtualPath;
    const commands: Record<string, () => Promise<unknown>> = {
      stat: () => vfs.stat(deepest),
      make: async () => (await vfs.openWrite(path("f"))).commit(),
      replace: async () => (await vfs.openWrite(path("f"))).commit(),
      read: async () => (await vfs.openRead(path("f"))).close(),
      list: () => Array.fromAsync(vfs.list(deepest)),
      rename: () => vfs.rename(path("f"), path("g")),
      remove: () => vfs.remove(path("g")),
    };
    for (const [name, command] of Object.entries(commands)) {
      const walked = await namesWalked(command);
      assert(walked > 100, "nothing was counted");
      assert(walked < 60_000, `${name} went through ${walked} names`);
    }
    assertEquals(await Array.fromAsync(vfs.names(deepest)), [[]]);
  }));
