import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { Client } from "../../lib/client/client.ts";
import type { FaultRule, Fixture } from "../../lib/fixture/fixture.ts";
import { PERSONALITIES } from "../../lib/protocol/personality.ts";
import { patternOf } from "../data/helpers.ts";
import { fixtureTest, type Outcome, type RunOptions } from "./helpers.ts";

const MIB = 1024 * 1024;
const BIG = patternOf(8 * MIB + 123);
/** Bytes of a segment of four. */
const LENGTH = Math.ceil(BIG.length / 4);
const OVERLAP = 64 * 1024;

interface Ends {
  readonly server: Fixture;
  /** The local file. */
  readonly target: string;
  readonly names: () => Promise<string[]>;
  /** @param segments the flag, by default with 4. */
  readonly get: (args?: readonly string[], options?: RunOptions, segments?: readonly string[]) => Promise<Outcome>;
}

/** Registers a test with a server that has a large file; `lacks` are verbs that the server does not have. */
function segmentsTest(
  name: string,
  { lacks = [], faults = [] }: { lacks?: readonly string[]; faults?: readonly FaultRule[] },
  run: (ends: Ends) => Promise<void>,
): void {
  const personality = { ...PERSONALITIES.unix, lacks: new Set(lacks) };
  fixtureTest(name, { files: { "/f": BIG }, faults, personality }, async ({ server, local, url, run: runClient }) => {
    const target = join(local, "f");
    const get: Ends["get"] = (args = [], options = {}, segments = ["--segments", "4"]) =>
      runClient(["get", `${url}f`, "-o", target, "--json", ...segments, ...args], options);
    const names = async () => (await Array.fromAsync(Deno.readDir(local), ({ name }) => name)).toSorted();
    await run({ server, target, names, get });
  });
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function notesOf({ events }: Outcome): unknown[] {
  return events.filter(({ event }) => event === "note").map(({ message }) => message);
}

/** The data connections of the first four transfers stand still after a mebibyte. */
const STALLED: FaultRule = { verb: "RETR", times: 4, action: "stall", on: "data", after: MIB };

/** Interrupts the command, as Ctrl-C does, when a part of each of four {@link STALLED} segments is here. */
async function interrupted({ get, target }: Ends): Promise<Outcome> {
  const abort = new AbortController();
  const running = get([], { signal: abort.signal });
  const wanted = [0, 1, 2, 3].map((index) => index * LENGTH + MIB / 2);
  for (const start of wanted) {
    while (!await isHere(join(target, "..", ".f.denoftpd-segments"), start)) await delay(5);
  }
  abort.abort();
  return await running;
}

async function isHere(path: string, start: number): Promise<boolean> {
  try {
    using file = await Deno.open(path);
    await file.seek(start, Deno.SeekMode.Start);
    const bytes = new Uint8Array(1024);
    return await file.read(bytes) === 1024 && isSame(bytes, BIG.subarray(start, start + 1024));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

for (const [way, lacks] of [["RANG", []], ["REST and a cut", ["RANG"]]] as const) {
  segmentsTest(`get --segments fetches ranges on several sessions, by ${way}`, { lacks }, async (ends) => {
    const { status, events, stderr } = await ends.get(["--verify"]);
    assertEquals([status, stderr], [0, ""]);
    assert(isSame(await Deno.readFile(ends.target), BIG));
    assertEquals(await ends.names(), ["f"]);
    assertEquals(events.at(-1), {
      ...{ event: "summary", transferred: 1, skipped: 0, deleted: 0, failed: 0, bytes: BIG.length },
    });
    const commands = ends.server.journal.commands();
    const starts = commands.flatMap((line) => /^(?:RANG|REST) (\d+)/.exec(line)?.[1] ?? []).map(Number);
    assertEquals(commands.filter((line) => line === "RETR f").length, 4);
    // Each begins a little earlier, to compare; the last one needs no RANG.
    const inner = [1, 2, 3].map((index) => index * LENGTH - OVERLAP);
    assertEquals(starts.toSorted((a, b) => a - b), way === "RANG" ? [0, ...inner] : inner);
  });
}

segmentsTest("get --segments goes on with a segment whose connection breaks, from where it was", {
  lacks: ["RANG"],
  faults: [{ verb: "RETR", skip: 2, action: "reset", on: "data", after: MIB }],
}, async ({ get, target, server, names }) => {
  const outcome = await get();
  assertEquals([outcome.status, outcome.stderr], [0, ""]);
  assert(isSame(await Deno.readFile(target), BIG));
  assertEquals(await names(), ["f"]);
  assertEquals(outcome.events.filter(({ event }) => event === "retry").length, 1);
  const starts = server.journal.commands().flatMap((line) => /^REST (\d+)/.exec(line)?.[1] ?? []).map(Number);
  const begun = [1, 2, 3].map((index) => index * LENGTH - OVERLAP);
  assertEquals(starts.filter((start) => !begun.includes(start)).length, 1, `${starts}`);
});

segmentsTest("get --segments starts anew where the file becomes shorter meanwhile", {
  faults: [{ verb: "RETR", skip: 3, action: "reset", on: "data", after: MIB }],
}, async ({ get, target, server, names }) => {
  const shorter = patternOf(5 * MIB).toReversed();
  let changing: Promise<void> | undefined;
  const stdout = (text: string) => {
    if (text.includes('"retry"')) changing ??= server.files.write("/f", shorter);
  };
  const { status } = await get([], { stdout });
  await changing;
  assertEquals(status, 0);
  assert(isSame(await Deno.readFile(target), shorter));
  assertEquals(await names(), ["f"]);
});

segmentsTest("get --segments starts anew where a file of the same size has changed meanwhile", {
  faults: [{ verb: "RETR", skip: 3, action: "reset", on: "data", after: MIB }],
}, async ({ get, target, server, names }) => {
  let output = "";
  let changing: Promise<void> | undefined;
  const stdout = (text: string) => {
    output += text;
    // What has arrived of the broken segment stays as it is, so only the time tells.
    if (text.includes('"retry"')) {
      const changed = BIG.slice();
      changed[10] = (changed[10] ?? 0) ^ 0xff;
      changing ??= server.files.write("/f", changed);
    }
  };
  await using client = await Client.connect({
    ...{ host: "127.0.0.1", port: server.port, user: "demo", password: "demo", tls: "off" },
  });
  await client.setModified("/f", Date.UTC(2020, 0, 1));
  const { status } = await get([], { stdout });
  await changing;
  assertEquals(status, 0);
  assertStringIncludes(output, "Starts anew, in one piece: the file there has changed meanwhile");
  assert(isSame(await Deno.readFile(target), await server.files.read("/f")));
  assertEquals(await names(), ["f"]);
});

segmentsTest("get --segments fetches in one piece where FEAT has no REST, and says so", {
  lacks: ["REST"],
}, async ({ get, target, server }) => {
  const outcome = await get();
  assertEquals(outcome.status, 0);
  assertEquals(notesOf(outcome), ["Fetched in one piece: the server does not offer to begin within a file (REST)"]);
  assert(isSame(await Deno.readFile(target), BIG));
  assertEquals(server.journal.commands().filter((line) => line === "RETR f").length, 1);
});

segmentsTest("get --segments fetches in one piece where REST is only in FEAT, and says so", {
  lacks: ["RANG"],
  faults: [{ verb: "REST", action: "reply", code: 502, text: "Not here", times: 0 }],
}, async ({ get, target, names }) => {
  const outcome = await get();
  assertEquals(outcome.status, 0);
  assertEquals(notesOf(outcome), [
    "Starts anew, in one piece: the server cannot begin within a file (502 Not here)",
  ]);
  assert(isSame(await Deno.readFile(target), BIG));
  assertEquals(await names(), ["f"]);
});

segmentsTest("get --resume goes on with segments that were cut off, also without --segments", {
  lacks: ["RANG"],
  faults: [STALLED],
}, async (ends) => {
  const { get, target, names } = ends;
  await Deno.writeTextFile(target, "old");
  assertEquals((await interrupted(ends)).status, 130);
  assertEquals(await names(), [".f.denoftpd-segments", "f"]);
  assertEquals(await Deno.readTextFile(target), "old");
  const { status, events, stderr } = await get(["--resume"], {}, []);
  assertEquals([status, stderr], [0, ""]);
  assert(isSame(await Deno.readFile(target), BIG));
  assertEquals(await names(), ["f"]);
  const resumedAt = Number(events.find(({ event }) => event === "transferred")?.resumedAt);
  assert(resumedAt > 2 * MIB, `resumed at ${resumedAt}`);
  assertEquals(events.at(-1)?.bytes, BIG.length - resumedAt);
});

segmentsTest("get --resume drops segments that differ from the file there", {
  faults: [STALLED],
}, async (ends) => {
  const { get, target, names } = ends;
  assertEquals((await interrupted(ends)).status, 130);
  const part = join(target, "..", ".f.denoftpd-segments");
  // All of it but the record at the end.
  const bytes = await Deno.readFile(part);
  bytes.fill(0, 0, BIG.length);
  await Deno.writeFile(part, bytes);
  const outcome = await get(["--resume"]);
  assertEquals(outcome.status, 0);
  assertEquals(notesOf(outcome), ["Starts anew, in one piece: the part here differs from the file there"]);
  assert(isSame(await Deno.readFile(target), BIG));
  assertEquals(await names(), ["f"]);
});

segmentsTest("get --resume drops segments of an earlier version of the file", {
  faults: [STALLED],
}, async (ends) => {
  const { get, target, server } = ends;
  assertEquals((await interrupted(ends)).status, 130);
  const newer = patternOf(6 * MIB).toReversed();
  await server.files.write("/f", newer);
  const outcome = await get(["--resume"]);
  assertEquals(outcome.status, 0);
  assertEquals(notesOf(outcome), ["Starts anew: the file there has changed since"]);
  assert(isSame(await Deno.readFile(target), newer));
});

segmentsTest("get --segments that fails leaves the old file, and nothing beside it", {
  faults: [{ verb: "RETR", action: "reply", code: 550, text: "Not for you", times: 0 }],
}, async ({ get, target, names }) => {
  await Deno.writeTextFile(target, "old");
  assertEquals((await get()).status, 78);
  assertEquals(await Deno.readTextFile(target), "old");
  assertEquals(await names(), ["f"]);
});

segmentsTest("get --segments notices a server that says yes to REST and begins at the first byte", {
  lacks: ["RANG"],
  faults: [{ verb: "REST", action: "reply", code: 350, text: "Yes", times: 0 }],
}, async ({ get, target, names }) => {
  const outcome = await get();
  assertEquals(outcome.status, 0);
  assertEquals(notesOf(outcome).length, 1);
  assert(isSame(await Deno.readFile(target), BIG));
  assertEquals(await names(), ["f"]);
});
