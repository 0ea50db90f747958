/**
 * The client commands against the servers of others, as Debian has them, and ours. As `client_test.ts`, with whose
 * servers it runs.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { fetchPackages } from "../../scripts/bench/packages.ts";
import { RunningServer } from "../../scripts/bench/running.ts";
import type { Server } from "../../scripts/bench/server.ts";
import { createSelfSigned } from "../../lib/tls/self_signed.ts";
import { type Outcome, runCommand, treeOf } from "../agent/helpers.ts";
import { patternOf } from "../data/helpers.ts";
import { PEERS } from "./peers.ts";

const CACHE = fromFileUrl(new URL("../../.cache/bench/", import.meta.url));
const [DIRECTORIES, FILES_EACH] = [20, 100];
const NAMES = ["with space", " leading", 'quote"s', "ünïcode→", "semi;colon", "-dash", "a'b", "100%", "[x]*?", "#?x"];

const packages = await fetchPackages(CACHE);

/** Where a test works. */
interface Grounds {
  /** The URL of a directory that may be written, with a slash at its end. */
  readonly url: string;
  readonly local: string;
  /** Runs a command with the flags that this way to connect needs. */
  readonly run: (...args: string[]) => Promise<Outcome>;
}

for (const server of PEERS) {
  const ways = server.tls ? [["--tls", "off"], ["--tls", "required"]] : [["--tls", "off"]];
  for (const way of ways) {
    const test = (what: string, run: (grounds: Grounds) => Promise<void>) =>
      Deno.test({
        name: `${server.name}, ${way.join(" ")}: ${what}`,
        ignore: !Deno.env.get("CI") && packages.missing.length > 0,
        // The process and its pipe end with the test, but not within its last turn of the event loop.
        sanitizeResources: false,
        sanitizeOps: false,
        fn: () => perform(server, way, run),
      });
    register(test, server);
  }
}

/** Servers that want the TLS session of the control connection resumed get a single session. */
const FEWER = /^.*The server accepts no more than 1 session.*\n/m;

const countsOf = ({ events, stderr }: Outcome) => {
  const { transferred, skipped, deleted, failed } = events.at(-1) ?? {};
  return { transferred, skipped, deleted, failed, stderr: stderr.replace(FEWER, "") };
};
const counts = (transferred: number, skipped: number, deleted = 0) => {
  return { transferred, skipped, deleted, failed: 0, stderr: "" };
};

function register(test: (what: string, run: (grounds: Grounds) => Promise<void>) => void, server: Server): void {
  test("2,000 files are mirrored both ways, and nothing moves the second time", async ({ url, local, run }) => {
    const [source, target] = [join(local, "source"), join(local, "target")];
    for (let directory = 0; directory < DIRECTORIES; directory++) {
      await Deno.mkdir(join(source, `d${directory}`), { recursive: true });
      for (let file = 0; file < FILES_EACH; file++) {
        await Deno.writeTextFile(join(source, `d${directory}`, `f${file}`), `${directory}-${file}`);
      }
    }
    const all = DIRECTORIES * FILES_EACH;
    assertEquals(countsOf(await run("mirror", source, `${url}tree`)), counts(all, 0));
    assertEquals(countsOf(await run("mirror", source, `${url}tree`)), counts(0, all));
    assertEquals(countsOf(await run("mirror", `${url}tree`, target)), counts(all, 0));
    assertEquals(countsOf(await run("mirror", `${url}tree`, target)), counts(0, all));
    assertEquals(await treeOf(target), await treeOf(source));
    await Deno.remove(join(source, "d1"), { recursive: true });
    const gone = FILES_EACH + 1;
    assertEquals(countsOf(await run("mirror", source, `${url}tree`, "--delete")), counts(0, all - FILES_EACH, gone));
    assertEquals(countsOf(await run("mirror", `${url}tree`, target, "--delete")), counts(0, all - FILES_EACH, gone));
    assertEquals(await treeOf(target), await treeOf(source));
    assertEquals((await run("rm", "-r", `${url}tree`)).events.at(-1)?.failed, 0);
    assertEquals((await run("ls", url)).events, []);
  });

  test("empty directories and odd names come back", async ({ url, local, run }) => {
    const [source, target] = [join(local, "source"), join(local, "target")];
    await Deno.mkdir(join(source, "empty", "hollow"), { recursive: true });
    for (const name of NAMES) await Deno.writeTextFile(join(source, name), name);
    assertEquals(countsOf(await run("mirror", source, `${url}odd`)), counts(NAMES.length, 0));
    assertEquals(countsOf(await run("mirror", `${url}odd`, target)), counts(NAMES.length, 0));
    assertEquals(await treeOf(target), await treeOf(source));
    assertEquals((await run("rm", "-r", `${url}odd`)).events.at(-1)?.failed, 0);
  });

  test("transfers are resumed both ways", async ({ url, local, run }) => {
    const whole = patternOf(700_001);
    await Deno.writeFile(join(local, "f"), whole.subarray(0, 400_000));
    assertEquals((await run("put", join(local, "f"), url)).status, 0);
    await Deno.writeFile(join(local, "f"), whole);
    const up = await run("put", join(local, "f"), url, "--resume");
    // ProFTPD resumes no upload unless it is told to (AllowStoreRestart): it starts anew.
    const resumedAt = server.name === "ProFTPD" ? undefined : 400_000;
    assertEquals([up.status, up.events.find(({ event }) => event === "transferred")?.resumedAt], [0, resumedAt]);
    await Deno.writeFile(join(local, "f"), whole.subarray(0, 300_000));
    const down = await run("get", `${url}f`, "-o", `${local}/`, "--resume");
    assertEquals([down.status, down.events.find(({ event }) => event === "transferred")?.resumedAt], [0, 300_000]);
    assertEquals(await Deno.readFile(join(local, "f")), whole);
    assertEquals((await run("cat", `${url}none`)).status, 78);
  });

  test("a large file is fetched in segments", async ({ url, local, run }) => {
    await Deno.writeFile(join(local, "f"), LARGE);
    assertEquals((await run("put", join(local, "f"), url)).status, 0);
    const down = await run("get", `${url}f`, "-o", join(local, "g"), "--segments", "4", "--verify");
    assertEquals([down.status, down.stderr.replace(FEWER, "")], [0, ""]);
    assertEquals(down.events.filter(({ event }) => event === "note"), []);
    assertEquals(await Deno.readFile(join(local, "g")), LARGE);
    assertEquals((await treeNames(local)).toSorted(), ["f", "g"]);
  });
}

async function treeNames(path: string): Promise<string[]> {
  return await Array.fromAsync(Deno.readDir(path), ({ name }) => name);
}

/** A file that is large enough for four segments. */
const LARGE = patternOf(5_000_001);

async function perform(
  server: Server,
  way: readonly string[],
  run: (grounds: Grounds) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  const at = (name: string) => join(folder, name);
  try {
    for (const name of ["root", "root/home", "local", "scratch", "agent"]) await Deno.mkdir(at(name));
    // vsftpd refuses a root that its anonymous user may write to.
    for (const name of [".", "root/home", "scratch"]) await Deno.chmod(at(name), 0o777);
    const { certificate, privateKey } = await createSelfSigned();
    await Deno.writeTextFile(at("scratch/cert.pem"), certificate, { mode: 0o644 });
    await Deno.writeTextFile(at("scratch/key.pem"), privateKey, { mode: 0o600 });
    await Deno.writeTextFile(at("scratch/both.pem"), `${certificate}\n${privateKey}`, { mode: 0o600 });
    await using running = await RunningServer.start(server, { root: at("root"), secure: way.includes("required") }, {
      scratch: at("scratch"),
      packages,
    });
    const login = server.user === "bench" ? "bench:bench@" : "";
    await run({
      url: `ftp://${login}127.0.0.1:${running.port}/home/`,
      local: at("local"),
      run: (...args) => runCommand([...args, ...way, "--ca", at("scratch/cert.pem"), "--json"], { home: at("agent") }),
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
