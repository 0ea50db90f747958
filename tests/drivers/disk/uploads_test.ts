/**
 * Uploads to a disk beside another event loop, which acts at the worst moment: when a file is open and not yet locked.
 */

import { assertEquals } from "@std/assert";
import { diskUploads, openDisk } from "../../../lib/drivers/disk/disk.ts";
import type { FileSink, OpenWriteOptions } from "../../../lib/vfs/vfs.ts";
import { at, bytes, withTempDir } from "../../vfs/helpers.ts";

interface Beside extends OpenWriteOptions {
  /** The other loop acts when the name is taken to make a file of it, instead of when that is locked. */
  readonly early?: true;
}

/** Opens `/f` below `dir`; the other loop does `act` to the real file meanwhile. */
async function openBeside(dir: string, act: (real: string) => void, options: Beside = {}): Promise<FileSink> {
  let acted = false;
  diskUploads.share({
    take: (key) => {
      if (!acted && key.startsWith("name ") === (options.early ?? false)) {
        acted = true;
        act(`${dir}/f`);
      }
      return { [Symbol.dispose]: () => {} };
    },
    ask: () => {},
  });
  return await (await openDisk(dir)).openWrite(at("/f"), options);
}

Deno.test("openDisk writes to no file that another loop has just removed", () =>
  withTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/f`, "old");
    const sink = await openBeside(dir, (real) => Deno.removeSync(real));
    await sink.write(bytes("new"));
    await sink.commit();
    assertEquals([sink.created, await Deno.readTextFile(`${dir}/f`)], [true, "new"]);
  }));

Deno.test("openDisk does not take a file for its own that another loop has just filled", () =>
  withTempDir(async (dir) => {
    const sink = await openBeside(dir, (real) => Deno.writeTextFileSync(real, "theirs"), { append: true });
    assertEquals([sink.created, sink.initialSize], [false, 6]);
    await sink.abort();
  }));

Deno.test("openDisk replaces a file that another loop has made just before it could", () =>
  withTempDir(async (dir) => {
    const sink = await openBeside(dir, (real) => Deno.writeTextFileSync(real, "theirs"), { early: true });
    await sink.write(bytes("ours"));
    await sink.commit();
    assertEquals([sink.created, await Deno.readTextFile(`${dir}/f`)], [false, "ours"]);
  }));
