import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { scene } from "./helpers.ts";

const TEN = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`/in/f${index}`, `content ${index}`]));

const namesIn = (directory: string) => [...Deno.readDirSync(directory)].map(({ name }) => name).toSorted();

scene("mget and mput move many files on several sessions", { files: TEN }, async ({ run, here, sent, files }) => {
  await run("cd in", "mget *");
  assertEquals(namesIn(here), Object.keys(TEN).map((path) => path.slice(4)));
  assertEquals(await Deno.readTextFile(join(here, "f7")), "content 7");
  assert(sent.filter((line) => line.startsWith("USER")).length > 1);
  await run("mkdir /out", "cd /out", "mput f*");
  assertEquals(new TextDecoder().decode(files.read("/out/f3")), "content 3");
});

scene("mget fetches what it can, and says what it cannot", { files: TEN }, async ({ run, fail, here, files }) => {
  await run("cd in");
  await Deno.mkdir(join(here, "f3"));
  assertStringIncludes(await fail("mget *"), "1 failed");
  assertEquals(namesIn(here).length, 10);
  assert(files.read("/in/f3").length > 0);
});

scene("mirror makes one directory like another, both ways", {
  files: { ...TEN, "/in/deep/er/x": "x" },
}, async ({ run, here, files, person }) => {
  await run("mirror in");
  assertEquals(await Deno.readTextFile(join(here, "in/deep/er/x")), "x");
  assertEquals(namesIn(join(here, "in")).length, 11);
  await run("mirror in");
  assertStringIncludes(person.noted.at(-1) ?? "", "0 files, 0B, 11 left as they are");
  await Deno.writeTextFile(join(here, "in/new"), "new");
  await run("mirror -R in copy");
  assertEquals(new TextDecoder().decode(files.read("/copy/new")), "new");
  assertEquals(new TextDecoder().decode(files.read("/copy/deep/er/x")), "x");
  await Deno.remove(join(here, "in/new"));
  person.noted = [];
  await run("mirror -R --delete --dry-run in copy");
  assert(person.noted.some((line) => line.startsWith("would delete new")), person.noted.join("\n"));
  await run("mirror -R -e in copy");
  assertEquals(await run("ls copy/new*").catch(() => "gone"), "gone");
});
