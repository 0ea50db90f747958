/**
 * What every client must be able to do with the server, told once. A client describes itself as a {@link Client};
 * {@link testClient} makes the tests, and what only one client can do stands in that client's own file.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { type Bench, ClientTests } from "./bench.ts";
import { makePayload, sha256, sha256OfFile, SIZES } from "./payload.ts";

/** The command that sets a data connection up: the first two passive, the others active. */
export type DataMode = "PASV" | "EPSV" | "PORT" | "EPRT";

/** One file to move. */
export interface Transfer {
  readonly direction: "download" | "upload";
  /** Name in the client's working directory. */
  readonly local: string;
  /** Name in the server's root. */
  readonly remote: string;
  readonly mode: DataMode;
  /** Go on where an earlier transfer was cut. */
  readonly resume?: boolean;
  /** Add to the file on the server. */
  readonly append?: boolean;
  /** As text. */
  readonly ascii?: boolean;
}

/** One change to the server's tree. */
export type Change =
  | { readonly verb: "mkdir" | "rmdir" | "delete"; readonly path: string }
  | { readonly verb: "rename"; readonly path: string; readonly to: string };

/** What not every client can do. */
export type Skill = "resume download" | "resume upload" | "append" | "ascii";

/** One client and how it is told what to do. */
export interface Client {
  readonly name: string;
  /** Programs that must be installed. */
  readonly programs: readonly string[];
  /** How it can be made to set data connections up over IPv4. The first is its habit. */
  readonly modes: readonly DataMode[];
  /** The same over IPv6; empty when it has none. */
  readonly modes6: readonly DataMode[];
  readonly skills: readonly Skill[];
  /** Names that the client itself spoils, each with the reason. */
  readonly spoils?: Readonly<Record<string, string>>;
  /** Moves a file. Resolves to what the client told of the conversation; rejects when the client reports a failure. */
  transfer(bench: Bench, transfer: Transfer): Promise<string>;
  /** Changes the tree. Rejects when the client reports a failure. */
  change(bench: Bench, change: Change): Promise<void>;
  /** Names in a directory, as the client lists them, in any order. */
  list(bench: Bench, directory: string): Promise<string[]>;
}

/** File names that servers and clients trip over (features: names with spaces, quotes, dashes, brackets, any UTF-8). */
export const ODD_NAMES: readonly string[] = [
  "two  spaces.bin",
  `it's "quoted".bin`,
  "-rf.bin",
  "[brackets] {braces}.bin",
  "semi;colon=1.bin",
  "Grüße 東京 😀.bin",
  "100% #1?.bin",
  "star*.bin",
  "back\\slash.bin",
  "~tilde & | $HOME.bin",
];

const ODD_SIZE = 4099;
const RESUMED_SIZE = 300_007;
const CUTS = [1, 65_536, RESUMED_SIZE - 1] as const;

/** Makes the tests that every client shares. Resolves to the maker of more. */
export async function testClient(client: Client): Promise<ClientTests> {
  const tests = await ClientTests.of(client.name, client.programs);
  testSizes(tests, client);
  testNames(tests, client);
  testResume(tests, client);
  testAppend(tests, client);
  testAscii(tests, client);
  testTree(tests, client);
  return tests;
}

/** Sends `bytes` up and down again in `mode` and compares digests at both ends. */
export async function assertRoundTrip(
  bench: Bench,
  client: Pick<Client, "transfer">,
  options: { bytes: number; mode: DataMode; name?: string },
): Promise<void> {
  const { bytes, mode, name = "payload.bin" } = options;
  const payload = makePayload(bytes);
  const digest = await sha256(payload);
  await Deno.writeFile(join(bench.local, "sent.bin"), payload);
  const up = await client.transfer(bench, { direction: "upload", local: "sent.bin", remote: name, mode });
  assertMode(up, mode);
  assertEquals(await sha256OfFile(join(bench.remote, name)), digest, `SHA-256 after the upload\n${up}`);
  const down = await client.transfer(bench, { direction: "download", local: "received.bin", remote: name, mode });
  assertMode(down, mode);
  assertEquals(await sha256OfFile(join(bench.local, "received.bin")), digest, `SHA-256 after the download\n${down}`);
}

function assertMode(transcript: string, mode: DataMode): void {
  assertMatch(transcript, new RegExp(`\\b${mode}\\b`), `The client did not say ${mode}:\n${transcript}`);
}

function testSizes(tests: ClientTests, client: Client): void {
  for (const mode of client.modes) {
    for (const { title, bytes } of SIZES) {
      tests.test(`moves ${title} up and down, ${mode}`, (bench) => assertRoundTrip(bench, client, { bytes, mode }));
    }
  }
  for (const mode of client.modes6) {
    tests.test6(
      `moves 1 MiB and 7 bytes up and down, ${mode}`,
      (bench) => assertRoundTrip(bench, client, { bytes: 1_048_583, mode }),
    );
  }
}

function testNames(tests: ClientTests, client: Client): void {
  const [mode] = client.modes;
  assert(mode !== undefined, `${client.name} has no data mode`);
  const names = ODD_NAMES.filter((name) => client.spoils?.[name] === undefined);
  for (const name of names) {
    tests.test(`moves ${name} up and down`, (bench) => assertRoundTrip(bench, client, { bytes: ODD_SIZE, mode, name }));
  }
  tests.test("lists odd names as they are", async (bench) => {
    const directory = join(bench.remote, "odd");
    await Deno.mkdir(directory);
    for (const name of names) await Deno.writeTextFile(join(directory, name), name);
    assertEquals((await client.list(bench, "odd")).toSorted(), names.toSorted());
  });
}

function testResume(tests: ClientTests, client: Client): void {
  for (const direction of ["download", "upload"] as const) {
    if (!client.skills.includes(`resume ${direction}`)) continue;
    for (const cut of CUTS) {
      tests.test(`resumes the ${direction} of ${RESUMED_SIZE} bytes from ${cut}`, (bench) =>
        assertResumes(bench, client, { direction, cut }));
    }
  }
}

async function assertResumes(
  bench: Bench,
  client: Client,
  options: { direction: Transfer["direction"]; cut: number },
): Promise<void> {
  const { direction, cut } = options;
  const payload = makePayload(RESUMED_SIZE);
  const [local, remote] = [join(bench.local, "cut.bin"), join(bench.remote, "cut.bin")];
  const [whole, part] = direction === "download" ? [remote, local] : [local, remote];
  await Deno.writeFile(whole, payload);
  await Deno.writeFile(part, payload.subarray(0, cut));
  for (const mode of client.modes.slice(0, 1)) {
    const transcript = await client.transfer(bench, {
      direction,
      local: "cut.bin",
      remote: "cut.bin",
      mode,
      resume: true,
    });
    assertEquals(
      await sha256OfFile(part),
      await sha256(payload),
      `SHA-256 after the resumed ${direction}\n${transcript}`,
    );
    assertMatch(transcript, /\b(REST|APPE)\b/, `The client started again from nothing:\n${transcript}`);
  }
}

function testAppend(tests: ClientTests, client: Client): void {
  if (!client.skills.includes("append")) return;
  for (const mode of client.modes.slice(0, 1)) {
    tests.test("appends to a file, which is made when it is absent", async (bench) => {
      await Deno.writeTextFile(join(bench.local, "one"), "first\n");
      await Deno.writeTextFile(join(bench.local, "two"), "second\n");
      const log = await client.transfer(bench, {
        direction: "upload",
        local: "one",
        remote: "log",
        mode,
        append: true,
      });
      await client.transfer(bench, { direction: "upload", local: "two", remote: "log", mode, append: true });
      assertEquals(await Deno.readTextFile(join(bench.remote, "log")), "first\nsecond\n");
      assertMatch(log, /\bAPPE\b/);
    });
  }
}

function testAscii(tests: ClientTests, client: Client): void {
  if (!client.skills.includes("ascii")) return;
  const text = "first\nsecond\n\nlast\n";
  for (const mode of client.modes.slice(0, 1)) {
    tests.test("moves text in ASCII mode without changing it", async (bench) => {
      await Deno.writeTextFile(join(bench.local, "text"), text);
      const up = await client.transfer(bench, {
        direction: "upload",
        local: "text",
        remote: "text",
        mode,
        ascii: true,
      });
      assertType(up, "A");
      assertEquals(await Deno.readTextFile(join(bench.remote, "text")), text, up);
      const down = await client.transfer(bench, {
        direction: "download",
        local: "back",
        remote: "text",
        mode,
        ascii: true,
      });
      assertType(down, "A");
      assertEquals(await Deno.readTextFile(join(bench.local, "back")), text, down);
    });
  }
}

/** The last TYPE before the transfer; a client that says none gets what RFC 959 section 3.1.1.1 has as default, `A`. */
function assertType(transcript: string, expected: "A" | "I"): void {
  const before = transcript.split(/\b(?:STOR|RETR)\b/, 1)[0] ?? "";
  assertEquals(before.match(/\bTYPE [AI]\b/g)?.at(-1) ?? "TYPE A", `TYPE ${expected}`, transcript);
}

function testTree(tests: ClientTests, client: Client): void {
  tests.test("makes, renames and removes directories and files", async (bench) => {
    const names = () => [...Deno.readDirSync(bench.remote)].map((entry) => entry.name).toSorted();
    await Deno.writeTextFile(join(bench.remote, "a file"), "x");
    await client.change(bench, { verb: "mkdir", path: "a directory" });
    assertEquals(names(), ["a directory", "a file"]);
    await client.change(bench, { verb: "rename", path: "a file", to: "another file" });
    assertEquals(names(), ["a directory", "another file"]);
    await client.change(bench, { verb: "rename", path: "another file", to: "a directory/moved" });
    assertEquals(await Deno.readTextFile(join(bench.remote, "a directory", "moved")), "x");
    await client.change(bench, { verb: "delete", path: "a directory/moved" });
    await client.change(bench, { verb: "rmdir", path: "a directory" });
    assertEquals(names(), []);
  });
  tests.test("lists a directory, and an empty one as empty", async (bench) => {
    await Deno.mkdir(join(bench.remote, "full", "sub"), { recursive: true });
    await Deno.mkdir(join(bench.remote, "empty"));
    for (const name of ["b.txt", "a.txt"]) await Deno.writeTextFile(join(bench.remote, "full", name), name);
    assertEquals((await client.list(bench, "full")).toSorted(), ["a.txt", "b.txt", "sub"]);
    assertEquals(await client.list(bench, "empty"), []);
  });
  tests.test("lists links by their names, gets through them and removes them alone", async (bench) => {
    await Deno.mkdir(join(bench.remote, "keep"));
    await Deno.mkdir(join(bench.remote, "links"));
    await Deno.writeTextFile(join(bench.remote, "keep", "file"), "kept");
    await Deno.symlink("../keep", join(bench.remote, "links", "directory"));
    await Deno.symlink("../keep/file", join(bench.remote, "links", "file"));
    assertEquals((await client.list(bench, "links")).toSorted(), ["directory", "file"]);
    const [mode] = client.modes;
    assert(mode !== undefined);
    await client.transfer(bench, { direction: "download", local: "got", remote: "links/file", mode });
    assertEquals(await Deno.readTextFile(join(bench.local, "got")), "kept");
    for (const name of ["file", "directory"]) await client.change(bench, { verb: "delete", path: `links/${name}` });
    assertEquals([...Deno.readDirSync(join(bench.remote, "links"))], []);
    assertEquals(await Deno.readTextFile(join(bench.remote, "keep", "file")), "kept");
  });
}
