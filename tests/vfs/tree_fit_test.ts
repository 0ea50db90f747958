import { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { parseAccess } from "../../lib/vfs/access_rules.ts";
import { scopeVfs } from "../../lib/vfs/access.ts";
import { requireFits } from "../../lib/vfs/tree_fit.ts";
import { assertFails, at } from "./helpers.ts";
import { assertEquals } from "@std/assert";

/** So many directories in each other, without a slash at the end. */
const nested = (names: number, name = "d") => `/${name}`.repeat(names);

/** A view of `files` with every right. */
function viewOf(files: Record<string, string>) {
  return scopeVfs(new MemoryVfs({ files }), { rules: [{ path: "/", ...parseAccess("rw") }] });
}

Deno.test("rename keeps everything below a directory within what a path can name", async () => {
  const vfs = viewOf({ [`/tree${nested(58)}/file`]: "", [`/deep${nested(39)}/file`]: "" });
  await vfs.mkdir(at(`/deep${nested(39)}/t`));
  await assertFails("badName", () => vfs.rename(at("/tree"), at(`/deep${nested(39)}/t/tree`)), "too deep or too long");
  await vfs.rename(at("/tree"), at(`/deep${nested(39)}/tree`));
  assertEquals((await vfs.stat(at(`/deep${nested(39)}/tree${nested(58)}/file`))).kind, "file");
});

Deno.test("rename keeps paths below a directory within their bytes", async () => {
  const long = "x".repeat(255);
  const vfs = viewOf({ [`/tree${nested(15, long)}/file`]: "" });
  await assertFails("badName", () => vfs.rename(at("/tree"), at(`/${long}`)));
  await vfs.rename(at("/tree"), at("/tree-2"));
  await vfs.rename(at("/tree-2"), at("/t"));
});

Deno.test("requireFits looks at nothing where the path gets no longer, nor at files", async () => {
  class Unlisted extends MemoryVfs {
    override list(): never {
      throw new Error("Listed");
    }
  }
  const vfs = new Unlisted({ files: { "/a/d/file": "", "/a/e/file": "" } });
  await requireFits(vfs, at("/a/d"), at("/a/x"));
  await requireFits(vfs, at("/a/d"), at("/d"));
  await requireFits(vfs, at("/a/d/file"), at("/a/d/longer-name"));
});
