import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { authenticatorOf } from "../helpers/server.ts";
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

scene("mirror takes a directory with a name that every object of the language has", {
  files: { "/constructor/f": "f" },
}, async ({ run, here }) => {
  await run("mirror constructor");
  assertEquals(await Deno.readTextFile(join(here, "constructor/f")), "f");
});

scene("A command with & runs beside the prompt, on a session of its own", { files: TEN }, async (scene) => {
  const { run, fail, shell, here, person, sent } = scene;
  await run("cd in", "get f1 &", "ls");
  assert(person.noted.includes("[1] get f1"));
  await run("jobs wait");
  assertEquals(shell.takeNotices(), ["[1] done: get f1, 9B"]);
  assertEquals(await Deno.readTextFile(join(here, "f1")), "content 1");
  assertEquals(sent.filter((line) => line.startsWith("USER")).length, 2);
  await run("get nothing &", "jobs wait");
  const [notice = ""] = shell.takeNotices();
  assertStringIncludes(notice, "[2] failed: The server has no such file");
  assertEquals(await run("jobs"), "");
  assertStringIncludes(await fail("cd .. &"), "cd cannot run in the background");
});

scene("jobs shows what runs, and stops it", {
  files: { "/big": new Uint8Array(4_000_000) },
  server: { authenticator: authenticatorOf({ name: "demo", downloadRate: 100_000 }) },
}, async ({ run, fail, shell }) => {
  await run("get big &");
  assertStringIncludes(await run("jobs"), "[1] get big");
  assertStringIncludes(await fail("bye"), '1 commands run in the background\n  "jobs wait" waits for them');
  await run("jobs stop 1", "jobs wait");
  assertEquals(shell.takeNotices(), ["[1] stopped: get big"]);
  assertStringIncludes(await fail("jobs stop 7"), "jobs stop NUMBER");
  await run("bye");
  assert(shell.isLeaving);
});

scene("The queue runs its commands one after the other", { files: TEN }, async ({ run, fail, here, shell }) => {
  await run("cd in", "queue get f1", "queue get f2 'other name'", "cd /", "queue get nothing", "jobs wait");
  assertEquals(namesIn(here), ["f1", "other name"]);
  const notices = shell.takeNotices();
  assert(notices.some((notice) => notice.endsWith("done: get f2 other\\ name")), notices.join("\n"));
  assert(notices.some((notice) => notice.includes("get nothing: ")), notices.join("\n"));
  assertEquals(await run("queue"), "");
  assertStringIncludes(await fail("queue start"), "Nothing waits for this server");
});

scene("What the queue has not run waits for queue start", { files: TEN }, async ({ run, shell, here }) => {
  const { queue } = shell.context;
  const line = { server: "ftp://demo@127.0.0.1", directory: "/in", local: here, line: "get f5" };
  await queue?.update(() => [line, { ...line, server: "ftp://other" }]);
  assertEquals(await run("queue"), "ftp://demo@127.0.0.1  get f5\nftp://other  get f5\n");
  await run("queue start", "jobs wait");
  assertEquals(await Deno.readTextFile(join(here, "f5")), "content 5");
  assertEquals(await run("queue"), "ftp://other  get f5\n");
  await run("queue clear");
  assertEquals(await run("queue"), "");
});

scene("copy moves a file to another server, and on the same one", {
  files: { "/a": new Uint8Array(300_000).fill(7), "/sub/x": "" },
}, async ({ run, fail, files, here, server }) => {
  await run("copy a b", "cp a sub/");
  assertEquals(files.read("/b"), files.read("/a"));
  assertEquals(files.read("/sub/a").length, 300_000);
  await run(`copy b ftp://demo:demo@127.0.0.1:${server.address.port}//sub/c`);
  assertEquals(files.read("/sub/c"), files.read("/a"));
  assertStringIncludes(await fail("copy nothing target"), "no such file");
  // Nothing was stored here on the way.
  assertEquals(namesIn(here), []);
  assertEquals(await run("ls -1"), "a\nb\nsub\n");
});

scene("delete -r removes a directory with all that it has, after a question", {
  files: { ...TEN, "/in/deep/er/x": "x", "/other": "1", "/f": "2" },
}, async ({ run, fail, person, files }) => {
  person.answers = ["n"];
  await run("delete -r in");
  assertEquals(new TextDecoder().decode(files.read("/in/deep/er/x")), "x");
  person.answers = ["y"];
  await run("delete -r in f");
  assertEquals(await run("nlist"), "other\n");
  assertStringIncludes(await fail("delete -r /"), "The root is not removed");
  assertStringIncludes(await fail("delete -r"), "delete [-r] REMOTE");
});

scene("copy -r makes a directory of this server one of another", {
  files: { "/d/a": "1", "/d/sub/b": "22" },
}, async ({ run, files, person, fail }) => {
  await run("copy -r d e/f");
  assertEquals(new TextDecoder().decode(files.read("/e/f/sub/b")), "22");
  assertStringIncludes(person.noted.at(-1) ?? "", "2 files");
  await run("copy -r d ftp://127.0.0.1/g");
  assertEquals(new TextDecoder().decode(files.read("/g/a")), "1");
  assertStringIncludes(await fail("copy d"), "copy [-r] REMOTE URL|REMOTE");
});
