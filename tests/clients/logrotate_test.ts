/**
 * The configuration of `deploy/logrotate` by logrotate itself, again and again while the server is busy: every record
 * is in one of the files, once.
 */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { Wire } from "../helpers/wire.ts";
import { ClientTests } from "./bench.ts";
import { run } from "./process.ts";
import { ALICE, ServerUnderTest } from "./server_under_test.ts";

const SHIPPED = fromFileUrl(new URL("../../deploy/logrotate/denoftpd", import.meta.url));
const ROTATIONS = 6;
const CLIENTS = 3;

const tests = await ClientTests.of("logrotate", ["logrotate", "gunzip"]);

for (const workers of [1, 2]) {
  tests.test(`loses no record of a busy server, which logs from ${workers} event loop(s)`, async ({ local }) => {
    const [log, xferlog] = [join(local, "denoftpd.log"), join(local, "xferlog")];
    await using server = await ServerUnderTest.start({
      ...{ logLevel: "info", workers, writable: [log, xferlog] },
      flags: ["--log-file", log, "--xferlog", xferlog],
    });
    const configuration = await configure(local, server.pid);
    let isOver = false;
    const clients = Array.from({ length: CLIENTS }, (_, client) => work(server.port, client, () => isOver));
    for (let rotation = 0; rotation < ROTATIONS; rotation++) {
      const before = sizeOf(log);
      await run("logrotate", ["--force", "--state", join(local, "state"), configuration]);
      // Not before the new file is in use: else there would be nothing in it to rotate.
      while (sizeOf(log) === 0 || sizeOf(xferlog) === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      assert(before > 0);
    }
    isOver = true;
    const done = (await Promise.all(clients)).flat();
    await server.stop();
    const found = Array.from((await generations(log)).matchAll(/ madeDirectory "\/(.*?)"$/gm), ([, name]) => name);
    assertEquals(found.toSorted(), done.map((name) => `d${name}`).toSorted());
    const files = Array.from((await generations(xferlog)).matchAll(/ 1 \/f(\S+) b _ i r alice /g), ([, name]) => name);
    assertEquals(files.toSorted(), done.toSorted());
    assert(done.length > ROTATIONS);
    assertEquals(logFiles(log).length, ROTATIONS + 1);
  });
}

/** Makes directories and files until it is over. Resolves to what is in their names. */
async function work(port: number, client: number, isOver: () => boolean): Promise<string[]> {
  await using ftp = await Wire.connect(port);
  await ftp.expectReply(220);
  await ftp.login(ALICE.user, ALICE.password);
  await ftp.expect("TYPE I", 200);
  const names: string[] = [];
  while (!isOver()) {
    const name = `${client}.${names.length}`;
    await ftp.expect(`MKD d${name}`, 257);
    await ftp.upload(`STOR f${name}`, "1");
    names.push(name);
  }
  await ftp.expect("QUIT", 221);
  return names;
}

/** The shipped file for a server that is no service, with files elsewhere. Resolves to its path. */
async function configure(directory: string, pid: number): Promise<string> {
  const [user, group] = await Promise.all(["-un", "-gn"].map(async (flag) => (await run("id", [flag])).stdout.trim()));
  const text = (await Deno.readTextFile(SHIPPED))
    .replaceAll("/var/log/denoftpd", directory)
    .replace("denoftpd denoftpd", `${user} ${group}`)
    .replace(/systemctl kill .*/, `kill -HUP ${pid}`);
  const path = join(directory, "configuration");
  await Deno.writeTextFile(path, text, { mode: 0o600 });
  return path;
}

/** The names of a file and of all that it was before, the oldest first. */
function logFiles(path: string): string[] {
  const found = [path];
  for (let age = 1; age <= ROTATIONS; age++) {
    for (const name of [`${path}.${age}`, `${path}.${age}.gz`]) if (sizeOf(name) > 0) found.unshift(name);
  }
  return found;
}

async function generations(path: string): Promise<string> {
  const texts = logFiles(path).map(async (name) => {
    return name.endsWith(".gz") ? (await run("gunzip", ["--stdout", name])).stdout : await Deno.readTextFile(name);
  });
  return (await Promise.all(texts)).join("");
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}
