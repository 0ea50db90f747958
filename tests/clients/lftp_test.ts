import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import type { Bench } from "./bench.ts";
import { LFTP_MODES, LFTP_SETTINGS } from "./lftp_settings.ts";
import { makePayload, sha256, sha256OfFile } from "./payload.ts";
import type { Finished } from "./process.ts";
import { ALICE } from "./server_under_test.ts";
import { type Change, type Client, ODD_NAMES, testClient, type Transfer } from "./suite.ts";

const SETTINGS = [...LFTP_SETTINGS, "set ftp:ssl-allow no"];

/** As one word of an lftp command. */
function quote(word: string): string {
  return `"${word.replaceAll(/["\\]/g, "\\$&")}"`;
}

function lftp(bench: Bench, commands: readonly string[]): Promise<Finished> {
  const { host, port } = bench.server;
  const open = `open -u ${ALICE.user},${ALICE.password} -p ${port} ${host}`;
  return bench.run("lftp", ["--norc", "-c", [...SETTINGS, open, ...commands].join("\n")]);
}

const client: Client = {
  name: "lftp",
  programs: ["lftp"],
  modes: ["PASV", "EPSV", "PORT"],
  // Active mode over IPv6 does not work on loopback: it sends `EPRT |2|::|…`, an address that is nobody's.
  modes6: ["EPSV"],
  skills: ["resume download", "resume upload", "ascii"],

  async transfer(bench: Bench, transfer: Transfer): Promise<string> {
    const { direction, mode, resume, ascii } = transfer;
    const [local, remote] = [quote(`./${transfer.local}`), quote(`./${transfer.remote}`)];
    const flags = `${resume ? "-c " : ""}${ascii ? "-a " : ""}`;
    const command = direction === "upload" ? `put ${flags}${local} -o ${remote}` : `get ${flags}${remote} -o ${local}`;
    return (await lftp(bench, [...LFTP_MODES[mode], command])).stderr;
  },

  async change(bench: Bench, change: Change): Promise<void> {
    await lftp(bench, [changing(change)]);
  },

  async list(bench: Bench, directory: string): Promise<string[]> {
    const { stdout } = await lftp(bench, [`cd ${quote(directory)}`, "cls -1 --quiet"]);
    return stdout.split("\n").filter((line) => line !== "").map(bareName);
  },
};

/** Without the slash of a directory or the `@` of a link, and without the `./` that lftp puts before a tilde. */
function bareName(line: string): string {
  return line.replace(/^\.\//, "").replace(/[/@]$/, "");
}

function changing(change: Change): string {
  switch (change.verb) {
    case "mkdir":
      return `mkdir ${quote(change.path)}`;
    case "rmdir":
      return `rmdir ${quote(change.path)}`;
    case "delete":
      return `rm ${quote(change.path)}`;
    case "rename":
      return `mv ${quote(change.path)} ${quote(change.to)}`;
  }
}

/** Fills `directory` with a tree of odd names, small, empty and larger files; resolves to path → SHA-256. */
async function makeTree(directory: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  const folders = ["", "sub", "sub/two  spaces", "sub/deep/deeper"];
  for (const [index, folder] of folders.entries()) {
    await Deno.mkdir(join(directory, folder), { recursive: true });
    for (const [position, name] of ODD_NAMES.entries()) {
      const payload = makePayload(position * 7001, index * 100 + position);
      const path = join(folder, name);
      await Deno.writeFile(join(directory, path), payload);
      digests.set(path, await sha256(payload));
    }
  }
  return digests;
}

async function readTree(directory: string, folder = ""): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for await (const entry of Deno.readDir(join(directory, folder))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) {
      for (const [inner, digest] of await readTree(directory, path)) digests.set(inner, digest);
    } else digests.set(path, await sha256OfFile(join(directory, path)));
  }
  return digests;
}

function sorted(tree: Map<string, string>): [string, string][] {
  return [...tree].toSorted(([a], [b]) => a < b ? -1 : 1);
}

const tests = await testClient(client);

tests.test("mirrors a tree down, several files at a time, and finds nothing to do the second time", async (bench) => {
  const tree = await makeTree(join(bench.remote, "tree"));
  const mirror = "mirror --parallel=4 --verbose=1 tree copy";
  await lftp(bench, [mirror]);
  assertEquals(sorted(await readTree(join(bench.local, "copy"))), sorted(tree));
  const again = await lftp(bench, [mirror]);
  assertEquals(again.stderr.match(/---> RETR .*/g), null, "files fetched a second time");
});

tests.test("mirrors a tree up, several files at a time, and finds nothing to do the second time", async (bench) => {
  const tree = await makeTree(join(bench.local, "tree"));
  const mirror = "mirror --reverse --parallel=4 --verbose=1 tree copy";
  await lftp(bench, [mirror]);
  assertEquals(sorted(await readTree(join(bench.remote, "copy"))), sorted(tree));
  const again = await lftp(bench, [mirror]);
  assertEquals(again.stderr.match(/---> STOR .*/g), null, "files sent a second time");
});

tests.test("mirrors a tree down and deletes what is no longer there", async (bench) => {
  await Deno.mkdir(join(bench.remote, "tree"));
  await Deno.writeTextFile(join(bench.remote, "tree", "kept"), "kept");
  await Deno.mkdir(join(bench.local, "copy", "old"), { recursive: true });
  await Deno.writeTextFile(join(bench.local, "copy", "old", "file"), "old");
  await lftp(bench, ["mirror --delete tree copy"]);
  assertEquals([...(await readTree(join(bench.local, "copy"))).keys()], ["kept"]);
});

tests.test("removes a whole tree", async (bench) => {
  await makeTree(join(bench.remote, "tree"));
  await lftp(bench, ["rm -r tree"]);
  assertEquals([...Deno.readDirSync(bench.remote)], []);
});

for (const mlsd of ["yes", "no"]) {
  tests.test(`removes a tree beside a link and leaves all that is behind it, use-mlsd ${mlsd}`, async (bench) => {
    const kept = await makeTree(join(bench.remote, "keep"));
    await makeTree(join(bench.remote, "job"));
    await Deno.symlink("../keep", join(bench.remote, "job", "link"));
    await Deno.symlink("../keep/sub", join(bench.remote, "job", "sub", "link"));
    await lftp(bench, [`set ftp:use-mlsd ${mlsd}`, "rm -r job"]);
    assertEquals([...Deno.readDirSync(bench.remote)].map(({ name }) => name), ["keep"]);
    assertEquals(sorted(await readTree(join(bench.remote, "keep"))), sorted(kept));
  });

  tests.test(`mirrors a tree with a link to its own directory once, use-mlsd ${mlsd}`, async (bench) => {
    const tree = await makeTree(join(bench.remote, "tree"));
    await Deno.symlink(".", join(bench.remote, "tree", "self"));
    await Deno.symlink("..", join(bench.remote, "tree", "sub", "above"));
    const { stderr } = await lftp(bench, [`set ftp:use-mlsd ${mlsd}`, "mirror tree copy"]);
    // One in each folder is empty, and lftp knows that without asking for it.
    assertEquals(stderr.match(/---> RETR /g)?.length, tree.size - 4);
    assertEquals(await Deno.readLink(join(bench.local, "copy", "self")), ".");
    await Deno.remove(join(bench.local, "copy", "self"));
    await Deno.remove(join(bench.local, "copy", "sub", "above"));
    assertEquals(sorted(await readTree(join(bench.local, "copy"))), sorted(tree));
  });
}

tests.test("fetches one file in four pieces at a time", async (bench) => {
  const payload = makePayload(4 * 1024 * 1024 + 3);
  await Deno.writeFile(join(bench.remote, "big.bin"), payload);
  // Unlimited, the first connection has got everything before the others are logged in.
  const { stderr } = await lftp(bench, [
    "set net:limit-rate 2M",
    "set net:limit-max 65536",
    "pget -n 4 big.bin -o big.bin",
  ]);
  assertEquals(await sha256OfFile(join(bench.local, "big.bin")), await sha256(payload));
  assertMatch(stderr, /---> REST \d+/);
});

tests.test("fetches one file in pieces and then mirrors a tree in one session, with its defaults", async (bench) => {
  const payload = makePayload(16 * 1024 * 1024 + 3);
  await Deno.writeFile(join(bench.remote, "big.bin"), payload);
  const tree = await makeTree(join(bench.remote, "tree"));
  const { host, port } = bench.server;
  const { stderr } = await bench.run("lftp", [
    "--norc",
    "-c",
    [
      ...["set ftp:ssl-allow no", "set net:timeout 20", "debug 5"],
      `open -u ${ALICE.user},${ALICE.password} -p ${port} ${host}`,
      // So that a piece is there before the others have been: what follows it is then ended by ABOR.
      ...["set net:limit-rate 4M", "pget -n 4 big.bin -o big.bin", "set net:limit-rate 0", "mirror tree copy"],
    ].join("\n"),
  ]);
  assertEquals(await sha256OfFile(join(bench.local, "big.bin")), await sha256(payload), stderr);
  assertEquals(sorted(await readTree(join(bench.local, "copy"))), sorted(tree), stderr);
  assertMatch(stderr, /---> ABOR/);
  assert(!stderr.includes("Timeout"), stderr);
});

tests.test("resumes a broken-off mirror", async (bench) => {
  const payload = makePayload(500_009);
  await Deno.mkdir(join(bench.remote, "tree"));
  await Deno.writeFile(join(bench.remote, "tree", "half.bin"), payload);
  // A part that is not newer than the whole counts as another version of it, which is fetched again from the start.
  await Deno.utime(join(bench.remote, "tree", "half.bin"), 1_700_000_000, 1_700_000_000);
  await Deno.mkdir(join(bench.local, "copy"));
  await Deno.writeFile(join(bench.local, "copy", "half.bin"), payload.subarray(0, 123_457));
  const { stderr } = await lftp(bench, ["mirror --continue tree copy"]);
  assertEquals(await sha256OfFile(join(bench.local, "copy", "half.bin")), await sha256(payload), stderr);
  assertMatch(stderr, /---> REST 123457/);
});

tests.test("fetches what a pattern matches", async (bench) => {
  for (const name of ["a.csv", "b.csv", "c.txt"]) await Deno.writeTextFile(join(bench.remote, name), name);
  await lftp(bench, ["mget *.csv"]);
  assertEquals([...Deno.readDirSync(bench.local)].map(({ name }) => name).toSorted(), ["a.csv", "b.csv"]);
});

tests.test("changes modes and keeps the times of mirrored files", async (bench) => {
  await Deno.mkdir(join(bench.local, "tree"));
  await Deno.writeTextFile(join(bench.local, "tree", "dated"), "dated");
  await Deno.utime(join(bench.local, "tree", "dated"), 1_600_000_000, 1_600_000_000);
  await lftp(bench, ["mirror --reverse tree copy", "chmod 640 copy/dated"]);
  const { mode, mtime } = await Deno.stat(join(bench.remote, "copy", "dated"));
  assertEquals(mode === null ? null : mode & 0o777, 0o640);
  assertEquals(mtime?.getTime(), 1_600_000_000_000);
});
