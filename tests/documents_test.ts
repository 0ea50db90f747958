/** The documents of the repository lead where they say. */

import { assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";

const ROOT = fromFileUrl(new URL("../", import.meta.url));
const LINK = /\]\(([^)\s#:]+)(?:#[^)\s]*)?\)/g;

async function documents(): Promise<string[]> {
  const found: string[] = [];
  for (const folder of ["", "docs"]) {
    for await (const { name } of Deno.readDir(join(ROOT, folder))) {
      if (name.endsWith(".md")) found.push(join(folder, name));
    }
  }
  return found;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("Every link between the documents leads to a file", async () => {
  const dead: string[] = [];
  for (const document of await documents()) {
    const text = await Deno.readTextFile(join(ROOT, document));
    for (const [, target = ""] of text.matchAll(LINK)) {
      if (!await isThere(join(ROOT, dirname(document), target))) dead.push(`${document}: ${target}`);
    }
  }
  assertEquals(dead, []);
});
