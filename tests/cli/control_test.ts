import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { findCommand } from "../../lib/cli/commands.ts";
import { hashPassword } from "../../lib/auth/password.ts";
import { Wire } from "../helpers/wire.ts";
import { serve } from "./serve_process.ts";

/** What a command has printed, and its exit status. */
interface Done {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the program. `onOutput` is called with everything that was printed so far. */
async function run(
  line: string,
  { input = "", onOutput = () => {} }: { readonly input?: string; readonly onOutput?: (text: string) => void } = {},
): Promise<Done> {
  const [name = "", ...args] = line.split(" ");
  const command = await findCommand(name);
  let [stdout, stderr] = ["", ""];
  const status = await command?.run(args, {
    stdout: (text) => onOutput(stdout += text),
    stderr: (text) => stderr += text,
    stdin: { readable: new Blob([input]).stream(), isTerminal: () => false },
  });
  return { status: status ?? -1, stdout, stderr };
}

/** A directory with one account, and the control plane on a socket in it. */
async function withServer(
  workers: number,
  body: (at: string, port: number, directory: string) => Promise<void>,
): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-control-" }));
  try {
    await Deno.mkdir(join(directory, "root"));
    const account = {
      name: "ann",
      password: await hashPassword("ann's own", { ln: 1 }),
      root: "root",
      permissions: "rw",
    };
    await Deno.writeTextFile(join(directory, "users.json"), JSON.stringify({ accounts: [account] }));
    const place = `unix:${join(directory, "socket")}`;
    const flags = ["--port", "0", "--users", join(directory, "users.json"), "--admin", place, "--ban-after", "50"];
    const all = [...flags, "--workers", String(workers)];
    const { stdout } = await run(`permissions ${all.join(" ")}`);
    const permissions = [...stdout.trimEnd().split("\n"), "--allow-sys=uid"];
    const { code, stderr } = await serve({
      permissions,
      flags: [...all, "--allow-root"],
      cwd: directory,
      whenReady: (port) => body(`--admin ${place}`, port, directory),
    });
    assertEquals(code, 0, stderr);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function logIn(port: number, user = "ann", password = "ann's own"): Promise<Wire> {
  const wire = await Wire.connect(port);
  await wire.expectReply(220);
  await wire.login(user, password);
  return wire;
}

for (const workers of [1, 2]) {
  Deno.test({
    name: `who, top, kick, ban, bans and unban do what they say, with ${workers} event loop(s)`,
    ignore: Deno.build.os === "windows",
  }, async () => {
    await withServer(workers, async (at, port) => {
      await using one = await logIn(port);
      const { stdout } = await run(`who ${at}`);
      assertMatch(
        stdout,
        /^ID +USER +ADDRESS +TLS +SINCE +DOING\n\S+ +ann +127\.0\.0\.1 +no +\d+s +idle after PASS\n$/,
      );
      const [session] = (await run(`who --json ${at}`)).stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
      assertEquals([session.user, session.secure], ["ann", false]);
      const watched = await run(`top --count 2 --interval 1 --json ${at}`);
      assertEquals(watched.stdout.trimEnd().split("\n").map((line) => JSON.parse(line).sessions.length), [1, 1]);
      const kicked = await run(`kick ${session.id} --text Enough ${at}`);
      assertEquals([kicked.status, kicked.stdout], [0, `Ended session ${session.id}\n`]);
      assertEquals((await one.reply()).lines, ["421 Enough"]);
      assertEquals((await run(`kick ${session.id} ${at}`)).status, 1);
      assertEquals((await run(`kick --user ann ${at}`)).status, 1);
      assertEquals((await run(`kick ${at}`)).status, 2);
      const banned = await run(`ban 127.0.0.1 --for 1h ${at}`);
      assertMatch(banned.stdout, /^Shut out 127\.0\.0\.1 until \S+; ended 0 sessions\n$/);
      await using refused = await Wire.connect(port);
      assertEquals((await refused.reply()).code, 421);
      assertMatch((await run(`bans ${at}`)).stdout, /\n127\.0\.0\.1 .* by socket\n$/);
      assertEquals((await run(`unban 127.0.0.1 ${at}`)).status, 0);
      const again = await run(`unban 127.0.0.1 ${at}`);
      assertEquals([again.status, again.stderr], [1, 'denoftpd: "127.0.0.1" is not shut out\n']);
      assertEquals((await run(`ban nowhere ${at}`)).status, 2);
    });
  });
}

Deno.test({
  name: "user --admin changes the accounts of a running server, which uses them at once",
  ignore: Deno.build.os === "windows",
}, async () => {
  await withServer(1, async (at, port, directory) => {
    const root = join(directory, "root");
    const added = await run(`user add bob --root ${root} --permissions ro --generate ${at}`);
    const [, password = ""] = /^Password: (\S+)$/m.exec(added.stdout) ?? [];
    assertStringIncludes(added.stdout, `Added account "bob": its root is "${root}" on the server\n`);
    await using bob = await logIn(port, "bob", password);
    await bob.expect("MKD x", 550);
    assertEquals((await run(`user set bob --permissions rw --quota 10MiB ${at}`)).status, 0);
    const passwd = await run(`user passwd bob --password-stdin ${at}`, { input: "another word\n" });
    assertEquals([passwd.status, passwd.stdout, passwd.stderr], [0, 'Changed account "bob"\n', ""]);
    await using other = await logIn(port, "bob", "another word");
    await other.expect("MKD x", 257);
    const listed = await run(`user list ${at}`);
    assertMatch(listed.stdout, /\nbob +enabled +rw +0 B of 10 MiB +\//);
    const wrong = await run(`user set bob --root memory: --umask 999 ${at}`);
    assertEquals(wrong.status, 2);
    assertEquals((await run(`user remove bob ${at}`)).status, 0);
    assertEquals((await other.reply()).lines, ["421 This account is closed"]);
    assertEquals((await run(`user remove bob ${at}`)).status, 1);
    assertEquals((await run(`user set ann --users users.json --quota 1 ${at}`)).status, 2);
  });
});

Deno.test({
  name: "events prints what happens until the server ends, and drain ends it",
  ignore: Deno.build.os === "windows",
}, async () => {
  await withServer(1, async (at, port) => {
    const seen = Promise.withResolvers<void>();
    // The first event shows that it listens: a login is what it waits for.
    const onOutput = (text: string) => /Logged in/.test(text) && seen.resolve();
    const following = run(`events --types login,notice --level debug ${at}`, { onOutput });
    let isSeen = false;
    void seen.promise.then(() => isSeen = true);
    while (!isSeen) {
      await using _wire = await logIn(port);
      await Promise.race([seen.promise, new Promise((resolve) => setTimeout(resolve, 10))]);
    }
    assertEquals((await run(`reload ${at}`)).status, 0);
    assertEquals((await run(`drain ${at}`)).status, 0);
    const { status, stdout } = await following;
    assertEquals(status, 0);
    assertMatch(stdout, /^\S+ info +\[\d+ ann@127\.0\.0\.1\] Logged in/m);
    assertStringIncludes(stdout, "Reloaded 1 account from");
  });
});

Deno.test({
  name: "permissions prints what a command for a running server needs",
  ignore: Deno.build.os === "windows",
}, async () => {
  await withServer(1, async (at) => {
    const { stdout } = await run(`permissions who ${at}`);
    const main = new URL("../../main.ts", import.meta.url).pathname;
    const flags = stdout.trimEnd().split("\n");
    const who = async (granted: readonly string[]): Promise<number> => {
      const args = ["run", "--no-prompt", "--quiet", ...granted, main, "who", ...at.split(" ")];
      return (await new Deno.Command(Deno.execPath(), { args, stdout: "null", stderr: "null" }).output()).code;
    };
    assertEquals(await who(flags), 0);
    for (const flag of flags) assertEquals(await who(flags.filter((each) => each !== flag)) === 0, false, flag);
  });
});

Deno.test("commands for a server end with 7 without one, 67 if not let in, 2 without an address", async () => {
  const file = await Deno.makeTempFile();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => Response.json({ error: "The token is wrong" }, { status: 401 }),
  );
  try {
    const denied = await run(`who --admin 127.0.0.1:${server.addr.port} --admin-token-file ${file}`);
    assertEquals([denied.status, denied.stderr], [67, "denoftpd: The token is wrong\n"]);
    const nothing = await run("who --admin unix:/nowhere/at/all");
    assertEquals(nothing.status, 7);
    assertStringIncludes(nothing.stderr, 'No server answers at "unix:/nowhere/at/all"');
    assertEquals((await run("who --admin 127.0.0.1:1")).status, 2);
    assertEquals((await run("who --admin somewhere")).status, 2);
    assertEquals((await run("who --users x")).status, 2);
  } finally {
    await Deno.remove(file);
  }
});
