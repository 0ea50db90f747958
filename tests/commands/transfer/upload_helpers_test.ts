import { assertEquals } from "@std/assert";
import { makeParents } from "../../../lib/commands/transfer/upload_helpers.ts";
import { MemoryVfs } from "../../../lib/drivers/memory/memory.ts";
import type { VirtualPath } from "../../../lib/vfs/vfs.ts";
import { at } from "../../vfs/helpers.ts";

/** Counts the turns of the event loop between two directories. */
class TurnCounter extends MemoryVfs {
  tries = 0;
  turns = 0;
  /** Tries that came without a turn after the one before. */
  hasty = 0;

  override mkdir(path: VirtualPath): Promise<void> {
    if (this.turns !== this.tries) this.hasty++;
    this.tries++;
    setTimeout(() => this.turns++, 0);
    return super.mkdir(path);
  }
}

Deno.test("makeParents yields between two directories, and begins at the deepest that exists", async () => {
  const vfs = new TurnCounter({ files: { "/a/b/file": "" } });
  await makeParents(vfs, at("/a/b/c/d/e/f"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals((await vfs.stat(at("/a/b/c/d/e"))).kind, "directory");
  assertEquals({ tries: vfs.tries, hasty: vfs.hasty }, { tries: 5, hasty: 0 });
});

Deno.test("makeParents tries one directory if all exist", async () => {
  const vfs = new TurnCounter({ files: { "/a/b/file": "" } });
  await makeParents(vfs, at("/a/b/c"));
  await makeParents(vfs, at("/c"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(vfs.tries, 1);
});
