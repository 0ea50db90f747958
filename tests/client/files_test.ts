import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { ClientError } from "../../lib/client/errors.ts";
import { fetchFile, storeFile } from "../../lib/client/files.ts";
import { PartFile } from "../../lib/client/local_file.ts";
import { retrying } from "../../lib/client/retry.ts";
import { patternOf } from "../data/helpers.ts";
import { type Ends, session, type Setup, withClient } from "./helpers.ts";

const BIG = patternOf(300_000);

/** Registers a test with a local directory of its own. */
function fileTest(name: string, setup: Setup, run: (ends: Ends, directory: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const directory = await Deno.makeTempDir();
    try {
      await withClient(setup, (ends) => run(ends, directory));
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

async function namesIn(directory: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(directory), ({ name }) => name)).toSorted();
}

session("moves whole files", { files: { "/f": BIG } }, async ({ client }) => {
  const directory = await Deno.makeTempDir();
  try {
    const target = join(directory, "f");
    const modified = Date.UTC(2020, 1, 29, 1, 2, 3);
    assertEquals(await fetchFile(client, "/f", target, { modified }), { size: BIG.length, resumedAt: 0 });
    assertEquals(await Deno.readFile(target), BIG);
    assertEquals((await Deno.stat(target)).mtime?.getTime(), modified);
    assertEquals(await namesIn(directory), ["f"]);
    assertEquals(await storeFile(client, target, "/g"), { size: BIG.length, resumedAt: 0 });
    assertEquals(await client.size("/g"), BIG.length);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

fileTest(
  "fetchFile leaves the old file until the new one is whole, and its mode after",
  { files: { "/f": BIG } },
  async ({ client }, directory) => {
    const target = join(directory, "f");
    await Deno.writeTextFile(target, "old", { mode: 0o640 });
    const abort = new AbortController();
    const cut = () => fetchFile(client, "/f", target, { signal: abort.signal, onProgress: () => abort.abort() });
    await assertRejects(cut, DOMException);
    assertEquals(await Deno.readTextFile(target), "old");
    assertEquals(await namesIn(directory), [".f.denoftpd-part", "f"]);
    const { resumedAt } = await fetchFile(client, "/f", target, { resume: true });
    assert(resumedAt > 0);
    assertEquals(await Deno.readFile(target), BIG);
    assertEquals(((await Deno.stat(target)).mode ?? 0) & 0o777, 0o640);
    assertEquals(await namesIn(directory), ["f"]);
  },
);

fileTest(
  "fetchFile goes on with a shorter file that agrees",
  { files: { "/f": BIG } },
  async ({ client, sent }, directory) => {
    const target = join(directory, "f");
    await Deno.writeFile(target, BIG.subarray(0, 200_000));
    assertEquals(await fetchFile(client, "/f", target, { resume: true }), { size: BIG.length, resumedAt: 200_000 });
    assertEquals(await Deno.readFile(target), BIG);
    assertEquals(sent.filter((line) => line.startsWith("REST")), [`REST ${200_000 - 65_536}`]);
  },
);

for (
  const [what, before] of [
    ["differs", new Uint8Array(200_000)],
    ["is longer", new Uint8Array(400_000)],
  ] as const
) {
  fileTest(
    `fetchFile starts anew where the part ${what}, and says so`,
    { files: { "/f": BIG } },
    async ({ client }, directory) => {
      const target = join(directory, "f");
      await Deno.writeFile(target, before);
      const notes: string[] = [];
      const result = await fetchFile(client, "/f", target, { resume: true, onNote: (note) => notes.push(note) });
      assertEquals(result, { size: BIG.length, resumedAt: 0 });
      assertEquals(await Deno.readFile(target), BIG);
      assertEquals(notes.length, 1);
    },
  );
}

fileTest("fetchFile of nothing leaves nothing", {}, async ({ client }, directory) => {
  const target = join(directory, "f");
  await Deno.writeTextFile(target, "old");
  await assertRejects(() => fetchFile(client, "/none", target), ClientError, "550");
  assertEquals(await namesIn(directory), ["f"]);
  assertEquals(await Deno.readTextFile(target), "old");
  await assertRejects(() => fetchFile(client, "/none", join(directory, "no/such/place")), ClientError);
});

fileTest(
  "fetchFile follows a link of the target, and refuses what is no file",
  { files: { "/f": "new" } },
  async ({ client }, directory) => {
    await Deno.writeTextFile(join(directory, "real"), "old");
    await Deno.symlink("real", join(directory, "link"));
    await fetchFile(client, "/f", join(directory, "link"));
    assertEquals(await Deno.readTextFile(join(directory, "real")), "new");
    assert((await Deno.lstat(join(directory, "link"))).isSymlink);
    const error = await assertRejects(() => fetchFile(client, "/f", directory), ClientError, "not a regular file");
    assertEquals(error.kind, "local");
  },
);

fileTest(
  "fetchFile takes names as long as the file system does",
  { files: { "/f": "x" } },
  async ({ client }, directory) => {
    const name = "ä".repeat(127);
    await fetchFile(client, "/f", join(directory, name));
    assertEquals(await namesIn(directory), [name]);
  },
);

fileTest("fetchFile refuses a target that another download has", {}, async ({ client }, directory) => {
  const target = join(directory, "f");
  using _other = await PartFile.open(target);
  await assertRejects(() => fetchFile(client, "/f", target), ClientError, "Another download");
});

fileTest("storeFile goes on where the file there agrees, and starts anew where not", {
  files: {
    "/same": BIG.subarray(0, 100_000),
    "/whole": BIG,
    "/other": new Uint8Array(100_000),
    "/long": new Uint8Array(400_000),
  },
}, async ({ client }, directory) => {
  const source = join(directory, "f");
  await Deno.writeFile(source, BIG);
  const size = BIG.length;
  const notes: string[] = [];
  const store = (path: string) => storeFile(client, source, path, { resume: true, onNote: (note) => notes.push(note) });
  assertEquals(await store("/same"), { size, resumedAt: 100_000 });
  assertEquals(await store("/whole"), { size, resumedAt: size });
  assertEquals(await store("/none"), { size, resumedAt: 0 });
  assertEquals(notes, []);
  assertEquals(await store("/other"), { size, resumedAt: 0 });
  assertEquals(await store("/long"), { size, resumedAt: 0 });
  assertEquals(notes.length, 2);
  for (const path of ["/same", "/none", "/other", "/long"]) {
    const target = join(directory, "back");
    await fetchFile(client, path, target);
    assertEquals(await Deno.readFile(target), BIG);
  }
  await assertRejects(() => storeFile(client, join(directory, "none"), "/x"), ClientError, "No such file");
});

Deno.test("retrying tries again what may pass, ever later, and nothing else", async () => {
  const waits: number[] = [];
  const work = (failures: number, error: Error) => {
    let calls = 0;
    const attempt = () => ++calls <= failures ? Promise.reject(error) : Promise.resolve(calls);
    return retrying(attempt, {
      firstWait: 2,
      longestWait: 5,
      random: () => 1,
      onRetry: (_error, wait) => waits.push(wait),
    });
  };
  const busy = new ClientError("reply", "busy", { code: 421 });
  assertEquals(await work(3, busy), 4);
  assertEquals(waits, [2, 4, 5]);
  await assertRejects(() => work(4, busy), ClientError, "busy");
  const denied = new ClientError("reply", "denied", { code: 530 });
  await assertRejects(() => work(1, denied), ClientError, "denied");
  const abort = new AbortController();
  const endless = retrying(() => Promise.reject(busy), {
    firstWait: 1e6,
    onRetry: () => abort.abort(),
    signal: abort.signal,
  });
  await assertRejects(() => endless, DOMException);
});

fileTest(
  "fetchFile and storeFile convert line ends, and append",
  { files: { "/t": "one\n" } },
  async (ends, directory) => {
    const { client, files, sent } = ends;
    const target = join(directory, "t");
    await fetchFile(client, "/t", target, { ascii: true });
    assertEquals(await Deno.readTextFile(target), "one\n");
    await storeFile(client, target, "/t", { ascii: true, append: true });
    assertEquals(new TextDecoder().decode(files.read("/t")), "one\none\n");
    assertEquals(sent.filter((line) => /^(?:TYPE|APPE)/.test(line)), ["TYPE I", "TYPE A", "APPE /t"]);
  },
);
