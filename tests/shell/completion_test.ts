import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { scene } from "./helpers.ts";

const FILES = { "/a.csv": "", "/abc/x": "", "/with blank": "", "/we[i]rd": "", "/ev\x1bil": "", "/z": "" };

scene("Completion offers commands, and what they take", { files: FILES }, async ({ shell, here, run }) => {
  const offered = async (line: string) => {
    const { candidates, replaced } = await shell.complete(line, new AbortController().signal);
    return [replaced, ...candidates];
  };
  assertEquals(await offered("ren"), ["ren", "rename "]);
  assertEquals(await offered("mg"), ["mg", "mget "]);
  assertEquals(await offered("help rm"), ["rm", "rm", "rmdir"]);
  assertEquals(await offered("passive o"), ["o", "off", "on"]);
  await Deno.writeTextFile(join(here, "my file"), "");
  await Deno.writeTextFile(join(here, ".hidden"), "");
  await Deno.mkdir(join(here, "dir"));
  assertEquals(await offered("put "), ["", "dir/", "my\\ file"]);
  assertEquals(await offered("put ."), [".", ".hidden "]);
  assertEquals(await offered("lcd "), ["", "dir/"]);
  assertEquals(await offered("ls > m"), ["m", "my\\ file "]);
  await run("bookmark add work");
  assertEquals(await offered("open w"), ["w", "work "]);
  assertEquals(await offered("nonsense a"), [""]);
  assertEquals(await offered("!l"), [""]);
});

scene("Completion offers names of the server, quoted as they were begun", { files: FILES }, async ({ shell }) => {
  const offered = async (line: string) => (await shell.complete(line, new AbortController().signal)).candidates;
  assertEquals(await offered("get a"), ["a.csv", "abc/"]);
  assertEquals(await offered("get abc/"), ["abc/x "]);
  assertEquals(await offered("cd a"), ["abc/"]);
  assertEquals(await offered("rm with\\ "), ["with\\ blank "]);
  assertEquals(await offered('rm "wi'), ['"with blank" ']);
  assertEquals(await offered("get we"), ["we\\[i\\]rd "]);
  // A name that the terminal would obey is not offered.
  assertEquals(await offered("get e"), []);
});

scene("Completion asks the server once for a directory, until something changes there", {
  files: FILES,
}, async ({ shell, sent, run }) => {
  const offered = async (line: string) => (await shell.complete(line, new AbortController().signal)).candidates;
  const listings = () => sent.filter((line) => line.startsWith("MLSD")).length;
  await offered("get a");
  await offered("get w");
  await offered("rm /a");
  assertEquals(listings(), 1);
  await run("mkdir along");
  assertEquals(await offered("cd al"), ["along/"]);
  assertEquals(listings(), 2);
});

scene("Completion without a session offers no names", { offline: true }, async ({ shell }) => {
  const { candidates } = await shell.complete("get a", new AbortController().signal);
  assertEquals(candidates, []);
});
