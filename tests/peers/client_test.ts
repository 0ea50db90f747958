/**
 * The client against the servers of others, as Debian has them, and ours: fetched once into `.cache/bench` and started
 * on loopback. Needs `--allow-all`. With `CI=true` a server that cannot be had is a failure.
 *
 * @module
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import {
  Client,
  ClientError,
  type ClientOptions,
  fetchFile,
  type RemoteEntry,
  storeFile,
} from "../../lib/client/mod.ts";
import { NOBODY, type Server } from "../../scripts/bench/server.ts";
import { patternOf } from "../data/helpers.ts";
import { ARE_MISSING, PEERS, withPeer } from "./peers.ts";

const SIZES = [0, 1, 4096, 1024 * 1024 + 7, 64 * 1024 * 1024];
const NAMES = ["with space", " leading", 'quote"s', "ünïcode→", "semi;colon", "-dash", "a'b", "100%", "[x]*?"];

/** Where a test works. */
interface Grounds {
  readonly connect: (options?: Partial<ClientOptions>) => Promise<Client>;
  /** A local directory of its own. */
  readonly local: string;
  /** The directory that the server serves. */
  readonly root: string;
}

for (const server of PEERS) {
  for (const [way, options] of waysOf(server)) {
    const test = (what: string, run: (grounds: Grounds) => Promise<void>) =>
      Deno.test({
        name: `${server.name}, ${way}: ${what}`,
        ignore: ARE_MISSING,
        // The process and its pipe end with the test, but not within its last turn of the event loop.
        sanitizeResources: false,
        sanitizeOps: false,
        fn: () => perform(server, options, run),
      });
    register(test);
  }
}

function waysOf({ tls }: Server): [string, Partial<ClientOptions>][] {
  const clear: [string, Partial<ClientOptions>][] = [
    ["passive", { tls: "off" }],
    ["active", { tls: "off", mode: "active" }],
  ];
  return tls ? [...clear, ["TLS", { tls: "required" }], ["TLS, active", { tls: "required", mode: "active" }]] : clear;
}

function register(test: (what: string, run: (grounds: Grounds) => Promise<void>) => void): void {
  test("files of every size come back as they were", async ({ connect, local }) => {
    await using client = await connect();
    for (const size of SIZES) {
      const [source, back] = [join(local, "source"), join(local, "back")];
      await Deno.writeFile(source, patternOf(size));
      await storeFile(client, source, `f${size}`);
      await fetchFile(client, `f${size}`, back);
      assertEquals(await digest(back), await digest(source));
      await client.remove(`f${size}`);
    }
  });

  test("transfers are resumed both ways", async ({ connect, local, root }) => {
    const whole = patternOf(700_001);
    await Deno.writeFile(join(local, "whole"), whole);
    await Deno.writeFile(join(local, "down"), whole.subarray(0, 300_000));
    await writeRemote(join(root, "there"), whole);
    await writeRemote(join(root, "part"), whole.subarray(0, 400_000));
    await using client = await connect();
    assertEquals((await fetchFile(client, "there", join(local, "down"), { resume: true })).resumedAt, 300_000);
    assertEquals(await digest(join(local, "down")), await digest(join(local, "whole")));
    const { resumedAt } = await storeFile(client, join(local, "whole"), "part", { resume: true });
    // ProFTPD resumes no upload unless it is told to (AllowStoreRestart): it starts anew.
    assertEquals(resumedAt, client.greeting.startsWith("ProFTPD") ? 0 : 400_000);
    assertEquals(await digest(join(root, "part")), await digest(join(local, "whole")));
  });

  test("odd names are stored, listed, renamed and removed", async ({ connect, local, root }) => {
    await Deno.writeTextFile(join(local, "source"), "x");
    await using client = await connect();
    await client.makeDirectory("odd");
    for (const name of NAMES) await storeFile(client, join(local, "source"), `odd/${name}`);
    assertEquals((await client.list("odd")).entries.map(({ name }) => name).toSorted(), NAMES.toSorted());
    const onDisk = await Array.fromAsync(Deno.readDir(join(root, "odd")), ({ name }) => name);
    assertEquals(onDisk.toSorted(), NAMES.toSorted());
    for (const name of NAMES) {
      await client.rename(`odd/${name}`, "odd/renamed");
      await client.remove("odd/renamed");
    }
    await client.removeDirectory("odd");
  });

  test("listings say what is there", async ({ connect, root }) => {
    await Deno.mkdir(join(root, "d", "sub"), { recursive: true });
    await writeRemote(join(root, "d", "file"), new Uint8Array(1234));
    const modified = Date.UTC(2024, 1, 29, 11, 22, 33);
    await Deno.utime(join(root, "d", "file"), modified / 1000, modified / 1000);
    await using client = await connect();
    const { entries, unreadable } = await client.list("d");
    const simple = ({ name, kind, size }: RemoteEntry) => [name, kind, kind === "file" ? size : undefined];
    assertEquals(entries.map(simple).toSorted(), [["file", "file", 1234], ["sub", "directory", undefined]]);
    assertEquals(unreadable, []);
    // LIST of a server without MLSD has the day, and maybe the time zone of this machine.
    const seen = entries.find(({ name }) => name === "file")?.modified ?? 0;
    assert(Math.abs(seen - modified) < 36 * 3_600_000, `${new Date(seen).toISOString()}`);
    assertEquals((await client.list("d/sub")).entries, []);
  });

  test("an abort ends a transfer, and the session goes on or is over", async ({ connect, local, root }) => {
    await writeRemote(join(root, "large"), patternOf(20_000_000));
    await using client = await connect();
    for (const _round of [1, 2, 3]) {
      const abort = new AbortController();
      const onProgress = () => abort.abort();
      const fetching = fetchFile(client, "large", join(local, "x"), { signal: abort.signal, onProgress });
      const error = await assertRejects(() => fetching, Error);
      assertEquals(error.name, "AbortError", error.stack);
      if (!client.isOpen) break;
    }
    await using again = client.isOpen ? undefined : await connect();
    const { size } = await fetchFile(again ?? client, "large", join(local, "whole"));
    assertEquals(size, 20_000_000);
  });

  test("what is refused is told, and harms nothing", async ({ connect, local }) => {
    await using client = await connect();
    const error = await assertRejects(() => fetchFile(client, "nothing here", join(local, "x")), ClientError);
    assertEquals([error.kind, error.code], ["reply", 550]);
    const listing = await client.list();
    assertEquals(listing.entries, []);
  });
}

async function perform(
  server: Server,
  options: Partial<ClientOptions>,
  run: (grounds: Grounds) => Promise<void>,
): Promise<void> {
  await withPeer(server, options.tls !== "off", async (peer) => {
    const connect = async (extra: Partial<ClientOptions> = {}) => {
      const client = await Client.connect({ ...peer.client, ...options, ...extra });
      await client.changeDirectory(peer.home);
      return client;
    };
    await run({ connect, local: peer.local, root: peer.root });
  });
}

async function writeRemote(path: string, content: Uint8Array): Promise<void> {
  await Deno.writeFile(path, content);
  await Deno.chmod(path, 0o666);
  if (Deno.uid() === 0) await Deno.chown(path, NOBODY, NOBODY);
}

async function digest(path: string): Promise<string> {
  const bytes = await Deno.readFile(path);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
