import { assertEquals } from "@std/assert";
import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { ForwardingVfs } from "../../lib/vfs/forwarding.ts";
import { withUploadPolicy } from "../../lib/vfs/uploads.ts";
import { type FileSink, type OpenWriteOptions, VfsError, type VirtualPath } from "../../lib/vfs/vfs.ts";

/** As a driver whose first try to make a part leaves it there, because its number is locked in another event loop. */
class LockedElsewhere extends ForwardingVfs {
  tries = 0;

  override async openWrite(path: VirtualPath, options: OpenWriteOptions = {}): Promise<FileSink> {
    const sink = await super.openWrite(path, options);
    if (!options.part || ++this.tries > 1) return sink;
    await sink.abort();
    throw new VfsError("exists", `Already exists: "${path}"`);
  }
}

Deno.test("A part whose number is still locked elsewhere is made again", async () => {
  const memory = new MemoryVfs({ files: { "/old": "old content" } });
  const driver = new LockedElsewhere(memory);
  const files = withUploadPolicy(driver, { mode: "safe", broken: "keep" });
  const sink = await files.openWrite("/old" as VirtualPath);
  await sink.write(new TextEncoder().encode("new"));
  await sink.commit();
  assertEquals([new TextDecoder().decode(memory.read("/old")), driver.tries], ["new", 2]);
  const names = await Array.fromAsync(memory.names("/" as VirtualPath));
  assertEquals(names.flat(), ["old"]);
});
