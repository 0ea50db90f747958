import { assertEquals } from "@std/assert";
import { DiskSink, DiskSource } from "../../../lib/drivers/disk/files.ts";
import { paceOf } from "../../../lib/drivers/disk/pace.ts";
import { DiskRoot } from "../../../lib/drivers/disk/root.ts";
import { at, withTempDir } from "../../vfs/helpers.ts";

const MIB = 1024 * 1024;

/**
 * `device`, made slow. Numbers below 0 are those of no file system here, so that only a test says what they are like.
 */
function slowDevice(device: number): number {
  paceOf(device).ended(performance.now() - 1_000);
  return device;
}

/** `file`, on which the calls that keep everybody waiting, or those that do not, fail the test. */
function only(how: "waits" | "operations", file: Deno.FsFile): Deno.FsFile {
  const wrong = (): never => {
    throw new Error(`Only ${how} were expected`);
  };
  return how === "waits"
    ? Object.assign(file, { read: wrong, write: wrong, truncate: wrong })
    : Object.assign(file, { readSync: wrong, writeSync: wrong, truncateSync: wrong });
}

for (
  const [title, how, device, size] of [
    ["waits for a quick disk", "waits", -1, MIB],
    ["does not wait for a slow disk", "operations", slowDevice(-2), 100],
    ["does not wait for more than a megabyte", "operations", -3, MIB + 1],
  ] as const
) {
  Deno.test(`DiskSink ${title}`, () =>
    withTempDir(async (dir) => {
      const real = `${dir}/file`;
      const old = new Uint8Array(size);
      await Deno.writeFile(real, old);
      const file = only(how, await Deno.open(real, { write: true }));
      const root = new DiskRoot(dir, "follow-inside");
      const sink = new DiskSink(file, {
        path: at("/file"),
        root,
        real,
        info: file.statSync(),
        size: 0,
        device,
        created: false,
        replaces: old.length,
      });
      const data = new Uint8Array(size).fill(7);
      await sink.write(data);
      await sink.commit();
      assertEquals(await Deno.readFile(real), data);
    }));
}

for (
  const [title, how, device, size] of [
    ["waits for a small file on a quick disk", "waits", -4, 100],
    ["does not wait for a slow disk", "operations", slowDevice(-2), 100],
    ["does not wait for a large file", "operations", -5, 64 * 1024 + 1],
  ] as const
) {
  Deno.test(`DiskSource ${title}`, () =>
    withTempDir(async (dir) => {
      const real = `${dir}/file`;
      await Deno.writeFile(real, new Uint8Array(size).fill(7));
      const source = new DiskSource(only(how, await Deno.open(real)), { path: at("/file"), size, device });
      const buffer = new Uint8Array(size);
      assertEquals(await source.read(buffer), size);
      assertEquals(buffer.every((byte) => byte === 7), true);
      source.close();
    }));
}

Deno.test("DiskSource continues after what another thread has read", () =>
  withTempDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/file`, "0123456789");
    const source = new DiskSource(await Deno.open(`${dir}/file`), { path: at("/file"), size: 10, device: -6 });
    const buffer = new Uint8Array(2);
    assertEquals(await source.read(buffer), 2);
    source.skip(5);
    assertEquals([await source.read(buffer), new TextDecoder().decode(buffer)], [2, "78"]);
    source.close();
    source.skip(1);
  }));
