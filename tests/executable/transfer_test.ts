import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { makePayload, sha256, sha256OfFile } from "../clients/payload.ts";
import { run } from "../clients/process.ts";
import { ALICE, ServerUnderTest } from "../clients/server_under_test.ts";
import { untilGivenWay } from "../helpers/priorities.ts";
import { readAll, Wire } from "../helpers/wire.ts";
import { findExecutable, runExecutable, withDirectory } from "./executable.ts";

findExecutable();

const SIZE = 5_000_011;

/** curl, logged in as {@link ALICE}, without the configuration of whoever runs the tests. */
async function curl(args: readonly string[]): Promise<string> {
  const login = ["--user", `${ALICE.user}:${ALICE.password}`];
  return (await run("curl", ["--disable", "--silent", "--show-error", ...login, ...args])).stdout;
}

/** Lists, uploads and downloads, and compares digests at both ends. */
async function roundTrip(server: ServerUnderTest, more: readonly string[] = []): Promise<void> {
  await withDirectory(async (local) => {
    const [sent, received] = [join(local, "sent"), join(local, "received")];
    const payload = makePayload(SIZE);
    await Deno.writeFile(sent, payload);
    const url = `ftp://127.0.0.1:${server.port}`;
    await curl([...more, "--upload-file", sent, `${url}/a%20file.bin`]);
    assertEquals(await sha256OfFile(join(server.root, "a file.bin")), await sha256(payload));
    assertMatch(await curl([...more, `${url}/`]), new RegExp(`^-\\S+ .* ${SIZE} .* a file\\.bin\\r?$`, "m"));
    await curl([...more, "--output", received, `${url}/a%20file.bin`]);
    assertEquals(await sha256OfFile(received), await sha256(payload));
  });
}

Deno.test("executable lists, receives and sends files to curl", async () => {
  await using server = await ServerUnderTest.start();
  await roundTrip(server);
  await roundTrip(server, ["--ftp-port", "-"]);
});

Deno.test("executable does the same under TLS, on both connections", async () => {
  await using server = await ServerUnderTest.start({ flags: ["--tls-self-signed", "--tls", "required"] });
  await roundTrip(server, ["--ssl-reqd", "--insecure"]);
  await assertRejects(() => curl([`ftp://127.0.0.1:${server.port}/`]), Error, "67");
});

Deno.test({
  name: "executable uses the C library unless it is told not to, and gives the permission for it up",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    for (const use of ["on", "off", "auto"]) {
      await using server = await ServerUnderTest.start({ flags: ["--native-io", use] });
      await roundTrip(server);
      await roundTrip(server, ["--ftp-port", "-"]);
      // With the library its data threads start first, a second after the server.
      await server.untilLogged(use === "off" ? /Dropped the permissions run, ffi, / : /Dropped the permission ffi$/m);
    }
  },
});

Deno.test({
  name: "executable has data threads that give way, with one worker and with two",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    for (const workers of [1, 2]) {
      await using server = await ServerUnderTest.start({ workers });
      await Deno.writeFile(join(server.root, "large"), makePayload(SIZE));
      await using ftp = await Wire.connect(server.port);
      await using other = await Wire.connect(server.port);
      for (const wire of [ftp, other]) {
        await wire.expectReply(220);
        await wire.login(ALICE.user, ALICE.password);
      }
      await ftp.expect("TYPE I", 200);
      const found = await untilGivenWay(server.pid, () => ftp.download("RETR large"));
      assertEquals(new Set(found), new Set([10]));
    }
  },
});

Deno.test("executable refuses a wrong password", async () => {
  await using server = await ServerUnderTest.start();
  const url = `ftp://127.0.0.1:${server.port}/`;
  await assertRejects(() => run("curl", ["--disable", "--silent", "--user", "alice:wrong", url]), Error, "67");
});

Deno.test("executable lets a running transfer end after SIGTERM, and no new session begin", () =>
  withDirectory(async (pub) => {
    const payload = makePayload(20_000_003);
    await Deno.writeFile(join(pub, "a.bin"), payload);
    const flags = ["serve", "--port", "0", "--anonymous", pub, "--allow-root"];
    const { code, stderr } = await runExecutable(flags, {
      whenReady: async (port, { process }) => {
        await using ftp = await Wire.connect(port);
        await using idle = await Wire.connect(port);
        await ftp.expectReply(220);
        await idle.expectReply(220);
        await ftp.login("anonymous", "guest@");
        await ftp.expect("TYPE I", 200);
        const data = await ftp.passive();
        await ftp.expect("RETR a.bin", 150);
        process.kill("SIGTERM");
        await idle.expectReply(421);
        await assertRejects(() => Deno.connect({ hostname: "127.0.0.1", port }), Deno.errors.ConnectionRefused);
        assertEquals(await sha256(new Uint8Array(await readAll(data))), await sha256(payload));
        await ftp.expectReply(226);
      },
    });
    assertEquals(code, 0, stderr);
    assert(!stderr.includes(" error "), stderr);
  }));

Deno.test("executable is a fixture, too, with files in memory and TLS", async () => {
  const { code, stderr } = await runExecutable(["fixture", "--user", "ann:pass word", "--tls"], {
    whenReady: async (port, { line }) => {
      const { url, users } = JSON.parse(line);
      assertEquals([url, users.ann.password], [`ftp://127.0.0.1:${port}`, "pass word"]);
      await using ftp = await Wire.connect(port);
      await ftp.expectReply(220);
      await ftp.login("ann", "pass word");
      await ftp.upload("STOR a.txt", "hello");
      const login = ["--disable", "--silent", "--show-error", "--user", "ann:pass word"];
      const { stdout } = await run("curl", [...login, "--ssl-reqd", "--insecure", `${url}/a.txt`]);
      assertEquals(stdout, "hello");
    },
  });
  assertEquals(code, 0, stderr);
});
