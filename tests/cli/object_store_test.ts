import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { runPermissions } from "../../lib/cli/permissions/command.ts";
import { runConfig } from "../../lib/cli/config.ts";
import type { Connection } from "../../lib/net/connection.ts";
import { memoryOfWorker } from "../../lib/cli/storage/object_stores.ts";
import { runStorage } from "../../lib/cli/storage/storage.ts";
import { SMALLEST_PART } from "../../lib/drivers/s3/part_writer.ts";
import { keysFile } from "../helpers/s3.ts";
import { KEYS, S3Server } from "../helpers/s3_server.ts";
import { Wire } from "../helpers/wire.ts";
import { connectBoth } from "../workers/stage.ts";
import { serve, startServe } from "./serve_process.ts";

/** Password: demo. */
const PASSWORD = "$scrypt$ln=14,r=8,p=1$v4LEZTvw8/Xbwtq5jxgWdQ$GQuWuSXJhNbqXcUnp229g1tk9n9IWbQrAnIGTshPC1c";

/** A store, its keys in a file, and accounts whose files are in it. */
async function withSite(body: (site: { directory: string; server: S3Server; flags: string[] }) => Promise<void>) {
  await using server = new S3Server();
  await using keys = await keysFile();
  const directory = await Deno.realPath(await Deno.makeTempDir());
  try {
    const users = join(directory, "users.json");
    const accounts = [{ name: "demo", password: PASSWORD, root: "s3://files/home/%u", permissions: "rw" }];
    await Deno.writeTextFile(users, JSON.stringify({ accounts }));
    const store = ["--s3-endpoint", server.url, "--s3-credentials", keys.path];
    await body({ directory, server, flags: ["--port", "0", "--users", users, "--active", "off", ...store] });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** What a command prints, and its status. */
async function run(command: typeof runPermissions, args: readonly string[]) {
  let [out, error] = ["", ""];
  const status = await command(args, {
    stdout: (text) => void (out += text),
    stderr: (text) => void (error += text),
  });
  return { status, out, error };
}

Deno.test("serve has files in a store with the printed permissions, and resumes uploads over a restart", async () => {
  await withSite(async ({ directory, server, flags }) => {
    const all = [...flags, "--state", join(directory, "state"), "--log-level", "debug"];
    const { out } = await run(runPermissions, all);
    assertStringIncludes(out, new URL(server.url).host);
    const permissions = out.trimEnd().split("\n");
    const first = new Uint8Array(SMALLEST_PART + 100_000).fill(7);
    const killed = await serve({
      permissions,
      flags: all,
      cwd: directory,
      whenReady: async (port, pid) => {
        await using ftp = await Wire.connect(port);
        await ftp.expectReply(220);
        await ftp.login();
        await ftp.expect("TYPE I", 200);
        const { lines } = await ftp.say("FEAT");
        assert(lines.some((line) => line.includes("MFMT")) && !lines.some((line) => line.includes("AVBL")));
        await ftp.expect("SITE CHMOD 600 a.txt", 502);
        await ftp.expect("MKD d", 257);
        await ftp.upload("STOR d/a.txt", "hello");
        await ftp.upload("APPE d/a.txt", " again");
        await ftp.expect("MFMT 20200102030405 d/a.txt", 213);
        await ftp.expect("RNFR d/a.txt", 350);
        await ftp.expect("RNTO d/b.txt", 250);
        assertStringIncludes(await ftp.downloadText("MLSD d"), "b.txt");
        assertEquals(new TextDecoder().decode(await ftp.download("RETR d/b.txt")), "hello again");
        const stored = Promise.withResolvers<void>();
        server.onPart = (key) => key.endsWith("/large") && stored.resolve();
        const data = await ftp.begin("STOR large");
        await writeAll(data, first);
        await stored.promise;
        Deno.kill(pid, "SIGKILL");
      },
    });
    assertEquals(server.text("home/demo/d/b.txt"), "hello again");
    const after = await serve({
      permissions,
      flags: all,
      cwd: directory,
      whenReady: async (port) => {
        await using ftp = await Wire.connect(port);
        await ftp.expectReply(220);
        await ftp.login();
        await ftp.expect("TYPE I", 200);
        assertEquals((await ftp.expect("SIZE large", 213)).lines, [`213 ${SMALLEST_PART}`]);
        await ftp.expect(`REST ${SMALLEST_PART}`, 350);
        await ftp.upload("STOR large", "the end");
      },
    });
    const large = server.objects.get("home/demo/large")?.body;
    assertEquals([large?.length, large?.[0], server.uploads.size], [SMALLEST_PART + 7, 7, 0]);
    for (const text of [killed.stderr, after.stderr]) assert(!text.includes(KEYS.secretAccessKey));
  });
});

Deno.test("workers share the uploads to a store: one goes on with what broke off at another", async () => {
  await withSite(async ({ directory, server, flags }) => {
    const { stderr } = await serve({
      permissions: ["--allow-all"],
      flags: [...flags, "--allow-root", "--workers", "2", "--state", join(directory, "state")],
      cwd: directory,
      whenReady: async (port) => {
        await using undo = new AsyncDisposableStack();
        const connect = async () => {
          const ftp = undo.use(await Wire.connect(port));
          await ftp.expectReply(220);
          return ftp;
        };
        const { one, other } = await connectBoth(connect, "demo");
        for (const ftp of [one, other]) await ftp.expect("TYPE I", 200);
        const stored = Promise.withResolvers<void>();
        server.onPart = (key) => key.endsWith("/large") && stored.resolve();
        const data = await one.begin("STOR large");
        await writeAll(data, new Uint8Array(SMALLEST_PART + 100_000).fill(7));
        await stored.promise;
        // It is still being received.
        await other.expect("SIZE large", 550);
        await other.expect("DELE large", 450);
        await one.expect("ABOR", 426);
        await one.expectReply(226);
        data.close();
        await other.expect("SIZE large", 213);
        await other.expect(`REST ${SMALLEST_PART}`, 350);
        await other.upload("STOR large", "the end");
        await one.expect("SIZE large", 213);
        await Promise.all([one.upload("APPE large", "1"), other.upload("APPE large", "1")]);
      },
    });
    const large = server.objects.get("home/demo/large")?.body;
    assertEquals([large?.length, large?.[0], server.uploads.size], [SMALLEST_PART + 9, 7, 0], stderr);
  });
});

for (const workers of ["1", "2"]) {
  Deno.test(`serve --metrics counts requests to the store and how they end, ${workers} event loops`, async () => {
    await withSite(async ({ directory, flags }) => {
      const options = {
        permissions: ["--allow-all"],
        flags: [...flags, "--allow-root", "--workers", workers, "--metrics", "127.0.0.1:0"],
        cwd: directory,
      };
      await using server = await startServe(options);
      const url = `${await server.logged(/Metrics are at (http:\S+)/)}`;
      await using ftp = await Wire.connect(server.port);
      await ftp.expectReply(220);
      await ftp.login();
      await ftp.expect("TYPE I", 200);
      await ftp.upload("STOR f", "hello");
      await ftp.expect("SIZE missing", 550);
      const text = await (await fetch(url)).text();
      for (const wanted of [/method="PUT",result="ok"\} [1-9]/, /method="HEAD",result="missing"\} [1-9]/]) {
        assertMatch(text, new RegExp(`^denoftpd_storage_requests_total\\{${wanted.source}`, "m"));
      }
      assertMatch(text, /^denoftpd_storage_request_duration_seconds_count [1-9]/m);
    });
  });
}

async function writeAll(data: Connection, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await data.write(bytes.subarray(done));
}

Deno.test("config refuses object stores that cannot be used with one line, without a secret", async () => {
  await withSite(async ({ directory, server, flags }) => {
    const users = join(directory, "users.json");
    const root = async (text: string) => {
      const accounts = [{ name: "demo", password: PASSWORD, root: text, permissions: "rw" }];
      await Deno.writeTextFile(users, JSON.stringify({ accounts }));
    };
    const refusal = async (...more: string[]) => {
      const others = flags.filter((_, index) => !more.includes(flags[index - index % 2] ?? ""));
      const { status, error } = await run(runConfig, ["--check", "--allow-root", ...others, ...more]);
      assertEquals([status, error.trimEnd().split("\n").length], [2, 1], error);
      return error;
    };
    await root("s3://missing");
    assertStringIncludes(
      await refusal(),
      `Account "demo" of "${users}": field "root": Cannot use "s3://missing": there is no`,
    );
    await root("s3://");
    assertStringIncludes(await refusal(), `Account "demo": field "root": The root "s3://" names no bucket`);
    await root("s3://files");
    assertStringIncludes(await refusal("--s3-region", "eu-1"), 'the bucket is not in the region "eu-1"');
    assertStringIncludes(await refusal("--s3-credentials", join(directory, "none")), 'none": it does not exist');
    const bad = await refusal("--s3-endpoint", "http://user:secret@host");
    assert(!bad.includes("secret"), bad);
    assertStringIncludes(await refusal("--storage-memory", "1 MiB"), "must be a size of 32 MiB or more");
    const { out } = await run(runConfig, flags);
    assertStringIncludes(out, server.url);
    assert(!out.includes(KEYS.secretAccessKey));
  });
});

Deno.test("storage sweep ends uploads that are older than it is told, and only lists them with --dry-run", async () => {
  await withSite(async ({ server, flags }) => {
    const hour = 3_600_000;
    const add = (key: string, age: number) =>
      server.uploads.set(key, { key, headers: {}, parts: new Map(), begun: new Date(Date.now() - age * hour) });
    add("home/demo/old file", 30);
    add("home/demo/new", 1);
    add("of others", 100);
    const probe = `home/demo/.denoftpd-probe-${crypto.randomUUID()}`;
    const ofUser = "home/demo/.denoftpd-probe-of-a-user";
    for (const key of [probe, ofUser]) server.put(key, "text");
    const sweep = async (...more: string[]) => await run(runStorage, ["sweep", ...more, ...flags]);
    const listed = await sweep("--dry-run", "--older-than", "0");
    assertEquals([listed.status, listed.out.trimEnd().split("\n").length, server.uploads.size], [0, 4, 3]);
    assertStringIncludes(listed.out, "2 uploads, and 1 trial of the store open\n");
    assertEquals(server.objects.size, 2);
    const { out } = await sweep();
    assertStringIncludes(out, 'Ended: "home/demo/old file", begun ');
    assertStringIncludes(out, "1 upload ended\n");
    assertEquals([...server.uploads.keys()], ["home/demo/new", "of others"]);
    // It is younger than a day.
    assertEquals(server.objects.size, 2);
    assertStringIncludes((await sweep("--older-than", "0")).out, `Ended: "${probe}", begun `);
    assertEquals([...server.objects.keys()], [ofUser]);
    assertStringIncludes((await sweep("--older-than=x")).error, "must be a whole number of hours");
    assertEquals((await run(runStorage, [])).status, 2);
  });
});

Deno.test("permissions names the variables of the credentials", async () => {
  await withSite(async ({ flags }) => {
    const { out } = await run(runPermissions, flags.slice(0, -2));
    assertStringIncludes(out, "--allow-env=AWS_ACCESS_KEY_ID,AWS_SECRET_ACCESS_KEY,AWS_SESSION_TOKEN");
  });
});

Deno.test("workers share out the memory for uploads, and each has enough for one", () => {
  const mib = 1_048_576;
  assertEquals([256, 256, 64].map((memory, index) => memoryOfWorker(memory * mib, [1, 4, 4][index] ?? 1) / mib), [
    256,
    64,
    32,
  ]);
});
