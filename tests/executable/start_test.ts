import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { VERSION } from "../../lib/version.ts";
import { OLD_RUNTIME } from "../helpers/old_runtime.ts";
import { Wire } from "../helpers/wire.ts";
import { runExecutable, withDirectory } from "./executable.ts";

const linux = Deno.build.os === "linux";
const root = Deno.build.os !== "windows" && Deno.uid() === 0;

/** Reads a file as anonymous. */
async function fetchFile(port: number, name: string): Promise<string> {
  await using ftp = await Wire.connect(port);
  await ftp.expectReply(220);
  await ftp.login("anonymous", "guest@");
  return await ftp.downloadText(`RETR ${name}`);
}

/** Flags for a server that everybody may read `directory` of. */
function anonymousFlags(directory: string): string[] {
  return ["serve", "--port", "0", "--anonymous", directory, "--allow-root"];
}

Deno.test("executable says its version and the commit it is made of", async () => {
  const { code, stdout } = await runExecutable(["version"]);
  assertEquals(code, 0);
  assertMatch(stdout, new RegExp(`^denoftpd ${VERSION.replaceAll(".", "\\.")} \\(commit [0-9a-z-]+, deno [0-9.]+, `));
});

Deno.test("executable helps with every command", async () => {
  for (const command of ["serve", "fixture", "user", "cert", "config", "permissions"]) {
    const { code, stdout, stderr } = await runExecutable(["help", command]);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertMatch(stdout, new RegExp(`^Usage: denoftpd ${command}`));
  }
});

Deno.test("executable is administered by a socket that only its owner can open, or says why not", {
  ignore: !linux,
}, () =>
  withDirectory(async (cwd) => {
    const socket = join(cwd, "admin.sock");
    const flags = [...anonymousFlags(cwd), "--admin", `unix:${socket}`, "--admin-audit", join(cwd, "audit.jsonl")];
    if (OLD_RUNTIME) {
      const { code, stderr } = await runExecutable(flags);
      assertEquals(code, 1);
      assertMatch(stderr, /^denoftpd: Cannot be administered at [^\n]+ cannot listen [^\n]+: use an address\n$/);
      return;
    }
    const { code, stderr } = await runExecutable(flags, {
      whenReady: async (port) => {
        assertEquals((Deno.statSync(socket).mode ?? 0) & 0o777, 0o600);
        await using ftp = await Wire.connect(port);
        await ftp.expectReply(220);
        await ftp.login("anonymous", "guest@");
        const who = await runExecutable(["who", "--admin", `unix:${socket}`]);
        assertEquals([who.code, who.stderr], [0, ""]);
        assertStringIncludes(who.stdout, "anonymous");
      },
    });
    assertEquals(code, 0, stderr);
  }));

Deno.test("executable interrupts hooks that run on, and serves on", {
  ignore: !linux,
}, () =>
  withDirectory(async (cwd) => {
    const hooks = join(cwd, "hooks.ts");
    await Deno.writeTextFile(
      hooks,
      `export const before: Record<string, unknown> = {
        async SYST() { await 0; for (;;); },
        HELP: ({ user }: { user: string }) => ({ code: 214, text: user }),
      };`,
    );
    const { code, stderr } = await runExecutable([...anonymousFlags(cwd), "--hooks", hooks], {
      whenReady: async (port) => {
        await using ftp = await Wire.connect(port);
        await ftp.expectReply(220);
        await ftp.login("anonymous", "guest@");
        assertEquals((await ftp.expect("HELP", 214)).text, "anonymous");
        await ftp.expect("SYST", 451);
        await ftp.expect("NOOP", 200);
      },
    });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "they ran for 1000 ms without a pause");
  }));

Deno.test("executable starts the user agent", {
  ignore: Deno.build.os === "windows",
}, () =>
  withDirectory(async (cwd) => {
    // An empty script: the libraries of the user agent are loaded, and it is over.
    const { code, stderr } = await runExecutable(["ftp"], { cwd, env: { HOME: cwd } });
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
  }));

for (
  const [what, args, message] of [
    [
      "an unknown flag",
      ["serve", "--prot", "0"],
      /^denoftpd: Unknown flag "--prot": [^\n]+ See denoftpd help serve\n$/,
    ],
    ["a bad value", ["serve", "--port", "x"], /^denoftpd: Flag "--port" must be [^\n]+, not "x"\n$/],
    ["an unknown command", ["sevre"], /^denoftpd: Unknown command "sevre": [^\n]+ See denoftpd help\n$/],
    [
      "an absent file",
      ["serve", "--config", "no.json"],
      /^denoftpd: Cannot read configuration file "no\.json": [^\n]+\n$/,
    ],
  ] as const
) {
  Deno.test(`executable ends with status 2 and one line for ${what}`, async () => {
    const { code, stdout, stderr } = await runExecutable(args);
    assertEquals({ code, stdout }, { code: 2, stdout: "" });
    assertMatch(stderr, message);
  });
}

Deno.test("executable explains how to begin without a users.json", () =>
  withDirectory(async (cwd) => {
    const { code, stdout, stderr } = await runExecutable(["serve", "--port", "0", "--allow-root"], { cwd });
    assertEquals({ code, stdout }, { code: 2, stdout: "" });
    assertMatch(stderr, /^denoftpd: [^\n]*users[^\n]*--users FILE[^\n]*--anonymous DIR\n$/);
  }));

Deno.test("executable serves from an empty directory with an empty environment", () =>
  withDirectory(async (directory) => {
    const [cwd, pub] = [join(directory, "empty"), join(directory, "pub")];
    await Deno.mkdir(cwd);
    await Deno.mkdir(pub);
    await Deno.writeTextFile(join(pub, "a.txt"), "hello");
    const { code, stderr } = await runExecutable(anonymousFlags(pub), {
      cwd,
      whenReady: async (port) => assertEquals(await fetchFile(port, "a.txt"), "hello"),
    });
    assertEquals(code, 0, stderr);
    assertEquals([...Deno.readDirSync(cwd)], []);
  }));

Deno.test("executable leaves no code in the temporary folder, where others could exchange it", () =>
  withDirectory(async (directory) => {
    const [pub, temporary] = [join(directory, "pub"), join(directory, "tmp")];
    await Deno.mkdir(pub);
    await Deno.mkdir(temporary);
    const env = { TMPDIR: temporary, TMP: temporary, TEMP: temporary };
    const { code, stderr } = await runExecutable(anonymousFlags(pub), { env, whenReady: () => Promise.resolve() });
    assertEquals(code, 0, stderr);
    assertEquals([...Deno.readDirSync(temporary)], []);
  }));

Deno.test({
  name: "executable serves from a read-only working directory",
  ignore: !linux,
  fn: () =>
    withDirectory(async (pub) => {
      await Deno.writeTextFile(join(pub, "a.txt"), "hello");
      const { code, stderr } = await runExecutable(anonymousFlags(pub), {
        cwd: "/proc", // Read-only for root, too.
        whenReady: async (port) => assertEquals(await fetchFile(port, "a.txt"), "hello"),
      });
      assertEquals(code, 0, stderr);
    }),
});

Deno.test("executable takes its settings from environment variables", () =>
  withDirectory(async (pub) => {
    await Deno.writeTextFile(join(pub, "a.txt"), "hello");
    const env = { DENOFTPD_ANONYMOUS: pub, DENOFTPD_PORT: "0", DENOFTPD_ALLOW_ROOT: "true" };
    const { code, stderr } = await runExecutable(["serve"], {
      env,
      whenReady: async (port) => assertEquals(await fetchFile(port, "a.txt"), "hello"),
    });
    assertEquals(code, 0, stderr);
    const { stdout } = await runExecutable(["config"], { env });
    assertMatch(stdout, /^port +0 +environment DENOFTPD_PORT$/m);
  }));

Deno.test({
  name: "executable refuses to serve as root unless forced",
  ignore: !root,
  fn: () =>
    withDirectory(async (pub) => {
      const flags = anonymousFlags(pub).filter((flag) => flag !== "--allow-root");
      const { code, stdout, stderr } = await runExecutable(flags);
      assertEquals({ code, stdout }, { code: 2, stdout: "" });
      assertMatch(stderr, /^denoftpd: Refusing to serve as root: [^\n]*--user[^\n]*--allow-root\n$/);
    }),
});

Deno.test({
  name: "executable binds a low port as root, then becomes another user for good",
  ignore: !root || !linux,
  fn: () =>
    withDirectory(async (pub) => {
      await Deno.chmod(pub, 0o755);
      await Deno.writeTextFile(join(pub, "a.txt"), "hello");
      await Deno.writeTextFile(join(pub, "secret"), "root's", { mode: 0o600 });
      const port = lowPort();
      const flags = ["serve", "--port", String(port), "--anonymous", pub, "--user", "65534:65534"];
      const { code, stderr } = await runExecutable(flags, {
        whenReady: async (port, { process }) => {
          const status = await Deno.readTextFile(`/proc/${process.pid}/status`);
          assertMatch(status, /^Uid:\t65534\t65534\t65534\t65534$/m);
          assertMatch(status, /^Gid:\t65534\t65534\t65534\t65534$/m);
          assertMatch(status, /^CapEff:\t0+$/m);
          assertEquals(await fetchFile(port, "a.txt"), "hello");
          await using ftp = await Wire.connect(port);
          await ftp.expectReply(220);
          await ftp.login("anonymous", "guest@");
          await ftp.passive();
          await ftp.expect("RETR secret", 550);
        },
      });
      assertEquals(code, 0, stderr);
    }),
});

/** A free port that only root may bind. */
function lowPort(): number {
  for (let port = 1023; port > 600; port--) {
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      assert(error instanceof Deno.errors.AddrInUse, String(error));
    }
  }
  throw new Error("There is no free port below 1024");
}

Deno.test("executable drops permissions that it does not use", () =>
  withDirectory(async (pub) => {
    const flags = [...anonymousFlags(pub), "--log-level", "debug", "--native-io", "off"];
    const { stderr } = await runExecutable(flags, { whenReady: () => Promise.resolve() });
    assertStringIncludes(stderr, "Dropped the permissions run, ffi, env, import, write, sys=uid");
  }));
