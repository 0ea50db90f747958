import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import type { MemoryVfs } from "../../lib/drivers/memory/memory.ts";
import { Interrupted } from "../../lib/shell/errors.ts";
import { patternOf } from "../data/helpers.ts";
import { scene } from "./helpers.ts";

const FILES = { "/a.csv": "aa", "/b.csv": "b", "/c.txt": "c", "/sub/d.csv": "d", "/with blank": "w" };

scene("ls lists names in columns, dir with sizes, nlist one a line", { files: FILES }, async ({ run }) => {
  assertEquals(await run("ls"), "a.csv  b.csv  c.txt  sub  with blank\n");
  assertMatch(await run("dir"), /^-rw-\S+ .* 2 {2}\w{3} [ \d]\d [ \d:]{5} {2}a\.csv$/m);
  assertMatch(await run("ll *.csv"), /a\.csv\n.*b\.csv\n$/);
  assertEquals(await run("nlist sub"), "d.csv\n");
  assertEquals(await run("ls -1r *.csv"), "b.csv\na.csv\n");
  assertEquals(await run("ls -S1 *.csv"), "a.csv\nb.csv\n");
  assertEquals(await run("ls */*.csv"), "sub/d.csv\n");
});

scene("Names are harmless on a terminal, and unchanged in a file", {
  files: { "/\x1b[31mred": "", "/\u202etxt": "" },
}, async ({ run, here }) => {
  assertEquals(await run("ls -1"), "\\x1b[31mred\n\\u202etxt\n");
  await run("ls > names");
  assertEquals(await Deno.readTextFile(join(here, "names")), "\x1b[31mred\n\u202etxt\n");
});

scene("cat shows the control characters of a file on a terminal", {
  files: { "/f": "one\ttwo\r\n\x1b]0;title\x07\n" },
}, async ({ run, here }) => {
  assertEquals(await run("cat f"), "one\ttwo\r\n\\x1b]0;title\\x07\n");
  await run("cat f > copy");
  assertEquals(await Deno.readTextFile(join(here, "copy")), "one\ttwo\r\n\x1b]0;title\x07\n");
});

scene("cd, cdup, pwd and lcd know where they are", { files: FILES }, async ({ run, fail, shell, here }) => {
  assertEquals(shell.prompt, "127.0.0.1:/> ");
  await run("cd sub");
  assertEquals(shell.prompt, "127.0.0.1:/sub> ");
  assertEquals(await run("cd -", "pwd"), "/\n");
  assertEquals(await run("cd s*", "cdup", "pwd"), "/\n");
  assertEquals(await run("cd sub", "cd", "pwd"), "/\n");
  await Deno.mkdir(join(here, "in"));
  assertEquals(await run("lcd in"), `${join(here, "in")}\n`);
  assertEquals(await run("lcd -"), `${here}\n`);
  assertStringIncludes(await fail("lcd nowhere"), "nowhere is not a directory here");
});

scene("get and put move files, under other names too", { files: FILES }, async ({ run, files, here, fail }) => {
  await run("get a.csv", 'get "with blank" other', "get sub/d.csv");
  assertEquals(await Deno.readTextFile(join(here, "a.csv")), "aa");
  assertEquals(await Deno.readTextFile(join(here, "other")), "w");
  assertEquals(await Deno.readTextFile(join(here, "d.csv")), "d");
  await run("put other", "put other sub/", "append other a.csv");
  assertEquals(textIn(files, "/other"), "w");
  assertEquals(textIn(files, "/sub/other"), "w");
  assertEquals(textIn(files, "/a.csv"), "aaw");
  assertMatch(await fail("get sub"), /sub is a directory\n {2}.*mirror sub/);
  assertMatch(await fail("get nothing"), /^The server has no such file.*RETR: 550/);
  assertMatch(await fail("get *.csv"), /matches 2 names\n {2}.*begin with m/);
});

scene("mget and mput take patterns, and ask with prompt on", { files: FILES }, async ({ run, here, person, files }) => {
  await run("mget *.csv");
  assertEquals([...Deno.readDirSync(here)].map(({ name }) => name).toSorted(), ["a.csv", "b.csv"]);
  person.answers = ["n", "a"];
  await run("prompt on", "mget *");
  assertEquals(person.asked.map((question) => question.split("?")[0]), ["Fetch a.csv", "Fetch b.csv"]);
  assertEquals([...Deno.readDirSync(here)].map(({ name }) => name).toSorted(), [
    ...["a.csv", "b.csv", "c.txt", "with blank"],
  ]);
  assert(person.noted.includes("1 directories are left out, mirror fetches them"));
  await run("prompt off", "mkdir in", "cd in", "mput *.csv 'with blank'");
  assertEquals(textIn(files, "/in/a.csv"), "aa");
  assertEquals(textIn(files, "/in/with blank"), "w");
});

scene("mdelete asks once, and deletes nothing without an answer", { files: FILES }, async ({ run, person }) => {
  person.answers = [undefined];
  await run("mdelete *.csv");
  assertEquals(person.asked, ["Delete 2 files? [y/N] "]);
  assertEquals(await run("ls -1 *.csv"), "a.csv\nb.csv\n");
  person.answers = ["y"];
  await run("mrm *.csv");
  assertEquals(await run("ls"), "c.txt  sub  with blank\n");
});

scene("mdelete in a script asks nobody", { files: FILES, person: { isInteractive: false } }, async ({ run }) => {
  await run("mdelete *.csv");
  assertEquals(await run("ls"), "c.txt  sub  with blank\n");
});

scene("mkdir, rmdir, delete, rename, chmod, size, modtime, stat", { files: FILES }, async ({ run, sent, fail }) => {
  await run("mkdir one", "mkdir -p two/three/four", "mkdir -p two/three/four", "rename a.csv one/z", "rm b.csv");
  await run("mv one/z sub/", "mv sub/z one/");
  assertEquals(await run("ls one"), "z\n");
  assertEquals(await run("ls two/three"), "four\n");
  await run("rmdir two/three/four", "mv one 'an other'");
  assertEquals(await run("size 'an other/z'"), "2\tan other/z\n");
  assertMatch(await run("modtime 'an other/z'"), /^\d{4}-\d\d-\d\dT[\d:.]+Z\tan other\/z\n$/);
  assertMatch(await run("stat"), /^211-/);
  assertStringIncludes(await fail("chmod u+x c.txt"), "three or four digits");
  await run("quote NOOP");
  assert(sent.includes("NOOP"));
  assertStringIncludes(await fail("quote RETR x"), "Use get");
  assertStringIncludes(await fail("rename a"), "Use: rename FROM TO");
});

scene("quote CWD moves the prompt", { files: FILES }, async ({ run, shell }) => {
  assertMatch(await run("quote CWD sub"), /^250 /);
  assertEquals(shell.prompt, "127.0.0.1:/sub> ");
});

scene("Commands may be shortened, and wrong ones are explained", { files: FILES }, async ({ run, fail }) => {
  assertEquals(await run("nl sub"), "d.csv\n");
  assertMatch(await fail("m"), /"m" may be mkdir, mget, /);
  assertEquals(await fail("gte x"), 'Unknown command "gte"\n  Did you mean get?');
  assertEquals(await fail("frobnicate"), 'Unknown command "frobnicate"\n  help lists the commands');
});

scene("Output goes to files and programs", { files: FILES }, async ({ run, programs, here, fail }) => {
  await run("ls *.csv | wc -l", "get a.csv | sort");
  assertEquals(programs.ran, [{ command: "wc -l", directory: here }, { command: "sort", directory: here }]);
  assertEquals(programs.input, "a.csv\nb.csv\naa");
  await run("ls -1 *.csv > list", "pwd >> list", "get b.csv > 'the b'");
  assertEquals(await Deno.readTextFile(join(here, "list")), "a.csv\nb.csv\n/\n");
  assertEquals(await Deno.readTextFile(join(here, "the b")), "b");
  assertStringIncludes(await fail("cd sub > x"), "cd writes nothing that could go elsewhere");
});

scene("A file that the output replaces stays when the command fails", { files: FILES }, async ({ fail, here }) => {
  await Deno.writeTextFile(join(here, "old"), "old");
  await fail("cat nothing > old");
  assertEquals(await Deno.readTextFile(join(here, "old")), "old");
  assertEquals([...Deno.readDirSync(here)].length, 1);
});

scene("A program that has read enough ends the transfer, which is no failure", {
  files: { "/big": patternOf(4_000_000), "/a": "a" },
}, async ({ run, programs }) => {
  programs.appetite = 10;
  await run("cat big | head -1");
  assert(programs.input.length < 4_000_000);
  assertEquals(await run("ls"), "a  big\n");
});

scene("!command runs here", { files: {}, offline: true }, async ({ run, programs, here }) => {
  await run("!ls -l | sort", "!");
  assertEquals(programs.ran, [{ command: "ls -l | sort", directory: here }, { command: "", directory: here }]);
});

scene(
  "Without a session, commands say how to connect",
  { offline: true },
  async ({ fail, run, shell, destinations }) => {
    assertEquals(shell.prompt, "ftp> ");
    assertEquals(await fail("ls"), 'Not connected\n  Connect with "open ftp://user@host"');
    await run("open 127.0.0.1 2121");
    assertEquals(destinations, [{ target: "127.0.0.1", port: 2121 }]);
    await run("user demo demo", "close");
    assertEquals(destinations[1], { target: "127.0.0.1", port: 2121, user: "demo", password: "demo" });
    assertMatch(await fail("user demo wrong"), /530/);
    assertEquals(shell.prompt, "ftp> ");
  },
);

scene("open asks for a server if none is named", { offline: true }, async ({ run, person, destinations }) => {
  person.answers = ["ftp.example.org"];
  await run("open");
  assertEquals([person.asked, destinations[0]?.target], [["To: "], "ftp.example.org"]);
});

scene("A connection that the server has closed is made again, in the same directory", {
  files: FILES,
}, async ({ run, server, shell, person }) => {
  await run("cd sub");
  for (const { id } of server.sessions()) server.disconnect(id);
  assertEquals(await run("ls"), "d.csv\n");
  assertEquals(shell.prompt, "127.0.0.1:/sub> ");
  assert(person.noted.includes("Connected again"));
});

scene("passive off changes who connects, in the session that there is", { files: FILES }, async ({ run, sent }) => {
  await run("ls", "passive off", "cd sub", "ls", "passive on", "ls");
  const chosen = sent.filter((line) => /^(?:EPSV|EPRT)/.test(line)).map((line) => line.slice(0, 4));
  assertEquals(chosen, ["EPSV", "EPRT", "EPSV"]);
});

scene("ascii converts line ends", { files: { "/t": "a\nb\n" } }, async ({ run, here, sent, files }) => {
  await run("ascii", "get t", "put t back", "binary", "get t again");
  assert(sent.includes("TYPE A"));
  assertEquals(await Deno.readTextFile(join(here, "t")), "a\nb\n");
  assertEquals(textIn(files, "/back"), "a\nb\n");
});

scene("An interrupted transfer leaves the session as it was", {
  files: { "/big": patternOf(8_000_000), "/a": "a" },
}, async ({ shell, run, person, here, sent }) => {
  const abort = new AbortController();
  person.onProgress = () => abort.abort(new Interrupted());
  const { error } = await shell.execute("get big", abort.signal);
  assert(error instanceof Interrupted);
  assertEquals(person.noted.at(-1), "Interrupted");
  assertEquals(await run("ls"), "a  big\n");
  assertEquals(sent.filter((line) => line.startsWith("USER")).length, 1);
  // What has arrived stays hidden beside it, and reget goes on with it.
  await run("reget big");
  assertEquals((await Deno.stat(join(here, "big"))).size, 8_000_000);
});

scene("bookmark keeps the server and the directory", { files: FILES }, async ({ run, fail }) => {
  await run("cd sub", "bookmark add work");
  assertEquals(await run("bookmark"), "work  ftp://demo@127.0.0.1/%2Fsub/\n");
  await run("bookmark delete work");
  assertEquals(await run("bookmark list"), "");
  assertStringIncludes(await fail("bookmark delete work"), 'no bookmark "work"');
});

scene("A line with a password is not kept", { offline: true }, ({ shell }) => {
  const kept = ["ls", "user demo", "open ftp://demo@host/", "!make", "get x", "-get x"];
  const secret = [
    "user demo secret",
    "open ftp://demo:secret@host/",
    "quote PASS secret",
    "use demo secret",
    " ls",
    "",
  ];
  for (const line of kept) assert(shell.isKept(line), line);
  for (const line of secret) assert(!shell.isKept(line), line);
  return Promise.resolve();
});

function textIn(files: MemoryVfs, path: string): string {
  return new TextDecoder().decode(files.read(path));
}
