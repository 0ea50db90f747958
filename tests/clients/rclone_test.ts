import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import type { Bench } from "./bench.ts";
import { makePayload, sha256OfFile } from "./payload.ts";
import type { Finished } from "./process.ts";
import { ALICE, ServerUnderTest } from "./server_under_test.ts";
import { type Change, type Client, ODD_NAMES, testClient, type Transfer } from "./suite.ts";

/** Runs rclone with a remote called `server:`, configured by the environment alone. */
async function rclone(bench: Bench, args: readonly string[], flags: readonly string[] = []): Promise<Finished> {
  const { host, port } = bench.server;
  const { stdout: obscured } = await bench.run("rclone", ["obscure", ALICE.password]);
  const always = ["--config", "/dev/null", "--retries", "1", "--low-level-retries", "1", "--timeout", "20s", "-vv"];
  return await bench.run("rclone", [...always, "--dump", "headers", ...flags, ...args], {
    environment: {
      RCLONE_CONFIG_SERVER_TYPE: "ftp",
      RCLONE_CONFIG_SERVER_HOST: host.includes(":") ? `[${host}]` : host,
      RCLONE_CONFIG_SERVER_PORT: String(port),
      RCLONE_CONFIG_SERVER_USER: ALICE.user,
      RCLONE_CONFIG_SERVER_PASS: obscured.trim(),
    },
  });
}

const client: Client = {
  name: "rclone",
  programs: ["rclone"],
  modes: ["EPSV", "PASV"],
  modes6: ["EPSV"],
  skills: [],

  async transfer(bench: Bench, transfer: Transfer): Promise<string> {
    const [local, remote] = [`./${transfer.local}`, `server:${transfer.remote}`];
    const paths = transfer.direction === "upload" ? [local, remote] : [remote, local];
    const flags = transfer.mode === "PASV" ? ["--ftp-disable-epsv"] : [];
    return (await rclone(bench, ["copyto", ...paths], flags)).stderr;
  },

  async change(bench: Bench, change: Change): Promise<void> {
    const path = `server:${change.path}`;
    switch (change.verb) {
      case "mkdir":
      case "rmdir":
        await rclone(bench, [change.verb, path]);
        break;
      case "delete":
        await rclone(bench, ["deletefile", path]);
        break;
      case "rename":
        await rclone(bench, ["moveto", path, `server:${change.to}`]);
    }
  },

  async list(bench: Bench, directory: string): Promise<string[]> {
    const { stdout } = await rclone(bench, ["lsf", `server:${directory}`]);
    return stdout.split("\n").filter((line) => line !== "").map((line) => line.replace(/\/$/, ""));
  },
};

const tests = await testClient(client);

for (const [title, flags] of [["MLSD", []], ["LIST", ["--ftp-disable-mlsd"]]] as const) {
  tests.test(`copies a tree up and down and checks every byte, ${title}`, async (bench) => {
    for (const [index, folder] of ["tree", "tree/two  spaces", "tree/deep/deeper"].entries()) {
      await Deno.mkdir(join(bench.local, folder), { recursive: true });
      for (const [position, name] of ODD_NAMES.entries()) {
        await Deno.writeFile(join(bench.local, folder, name), makePayload(position * 9001, index * 100 + position));
      }
    }
    await rclone(bench, ["copy", "tree", "server:copy"], flags);
    const up = await rclone(bench, ["check", "--download", "tree", "server:copy"], flags);
    assertMatch(up.stderr, /: 30 matching files/);
    await rclone(bench, ["copy", "server:copy", "back"], flags);
    const down = await rclone(bench, ["check", "--download", "back", "server:copy"], flags);
    assertMatch(down.stderr, /: 30 matching files/);
    const again = await rclone(bench, ["copy", "tree", "server:copy"], flags);
    assertMatch(again.stderr, /There was nothing to transfer/);
  });
}

tests.test("sets modification times and finds nothing to do the second time", async (bench) => {
  await Deno.writeTextFile(join(bench.local, "dated"), "dated");
  await Deno.utime(join(bench.local, "dated"), 1_600_000_000, 1_600_000_000);
  await rclone(bench, ["copyto", "dated", "server:dated"]);
  assertEquals((await Deno.stat(join(bench.remote, "dated"))).mtime?.getTime(), 1_600_000_000_000);
});

for (const workers of [1, 2]) {
  const loops = workers === 1 ? "one event loop" : `${workers} event loops`;
  tests.test(`copies a folder into an account that may only add, and has nothing to do the second time, ${loops}`, async (bench) => {
    const accounts = [{ ...ALICE, permissions: "add" }];
    await using server = await ServerUnderTest.start({ accounts, workers });
    const folder = join(bench.local, "backup");
    await Deno.mkdir(folder);
    for (let index = 0; index < 40; index++) {
      await Deno.writeFile(join(folder, `${index}.bin`), makePayload(index * 37, index));
      await Deno.utime(join(folder, `${index}.bin`), 1_600_000_000 + index, 1_600_000_000 + index);
    }
    const copy = () => rclone({ ...bench, server }, ["copy", "--transfers", "8", "backup", "server:backup"]);
    await copy();
    for (let index = 0; index < 40; index++) {
      const { mtime } = await Deno.stat(join(server.root, "backup", `${index}.bin`));
      assertEquals(mtime?.getTime(), 1_600_000_000_000 + index * 1000);
    }
    assertMatch((await copy()).stderr, /There was nothing to transfer/);
  });
}

tests.test("stores standard input and reads a part of a file", async (bench) => {
  await Deno.writeTextFile(join(bench.remote, "digits"), "0123456789");
  const { stdout } = await rclone(bench, ["cat", "--offset", "3", "--count", "4", "server:digits"]);
  assertEquals(stdout, "3456");
});

tests.test("removes a whole tree", async (bench) => {
  await Deno.mkdir(join(bench.remote, "tree", "sub dir"), { recursive: true });
  await Deno.writeTextFile(join(bench.remote, "tree", "sub dir", "file"), "x");
  await rclone(bench, ["purge", "server:tree"]);
  assertEquals([...Deno.readDirSync(bench.remote)], []);
});

tests.test("copies many small files over parallel sessions", async (bench) => {
  const directory = join(bench.local, "many");
  await Deno.mkdir(directory);
  for (let index = 0; index < 200; index++) {
    await Deno.writeFile(join(directory, `${index}.bin`), makePayload(index * 37, index));
  }
  await rclone(bench, ["copy", "--transfers", "8", "many", "server:many"]);
  assertEquals([...Deno.readDirSync(join(bench.remote, "many"))].length, 200);
  for (const { name } of Deno.readDirSync(directory)) {
    assertEquals(await sha256OfFile(join(bench.remote, "many", name)), await sha256OfFile(join(directory, name)), name);
  }
});
