import { assert, assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { type Bench, ClientTests } from "./bench.ts";
import { run } from "./process.ts";
import { ALICE } from "./server_under_test.ts";
import { Terminal, type TerminalOptions } from "./terminal.ts";

// deno-lint-ignore no-control-regex -- escape sequences are what this looks for
const BLUE = /\x1b\[[0-9;]*34m/;
const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));

const tests = await ClientTests.of("denoftpd ftp", ["tmux"], {
  accounts: [ALICE, { user: "slow", password: ALICE.password, flags: ["--download-rate", "400K"] }],
});

/** The program under test; from source with the permissions that it names itself, and no others. */
async function programme(home: string, local: string, url: string): Promise<string[]> {
  const executable = Deno.env.get("DENOFTPD_EXECUTABLE");
  if (executable !== undefined) return [executable, "ftp"];
  const deno = [Deno.execPath(), "run", "--no-prompt"];
  const broad = ["--allow-net=127.0.0.1", `--allow-read=${local}`, "--allow-env=HOME,XDG_CONFIG_HOME,XDG_STATE_HOME"];
  const { stdout } = await run(Deno.execPath(), [...deno.slice(1), ...broad, MAIN, "permissions", "ftp", url], {
    cwd: local,
    environment: { HOME: home, ...cache() },
  });
  return [...deno, ...stdout.trim().split("\n"), MAIN, "ftp"];
}

/** Where Deno finds what it has fetched before. */
function cache(): { readonly DENO_DIR?: string } {
  const directory = Deno.env.get("DENO_DIR");
  return directory === undefined ? {} : { DENO_DIR: directory };
}

/** A test in a terminal: of a person with an empty home, in an empty directory. */
function terminalTest(
  claim: string,
  body: (terminal: Terminal, bench: Bench & { readonly home: string; readonly url: string }) => Promise<void>,
  { user = "alice", ...options }: Partial<TerminalOptions> & { readonly user?: string } = {},
): void {
  tests.test(claim, async (bench) => {
    const home = join(bench.local, "..", "home");
    const url = `ftp://${user}@127.0.0.1:${bench.server.port}/`;
    await using terminal = await Terminal.start([...await programme(home, bench.local, url), url], {
      cwd: bench.local,
      environment: { HOME: home, ...cache(), ...options.environment },
      ...(options.columns !== undefined && { columns: options.columns }),
    });
    await terminal.until(/Password for \w+ at 127\.0\.0\.1: ?$/);
    await terminal.type(ALICE.password, "Enter");
    await terminal.until(/127\.0\.0\.1:\/>$/);
    await body(terminal, { ...bench, home, url });
  });
}

/** The lines below the last prompt but one: what the last command has printed. */
function answerIn(screen: string): string[] {
  const lines = screen.split("\n");
  const prompts = lines.flatMap((line, index) => /^\S+:\/\S*>/.test(line) ? [index] : []);
  return lines.slice((prompts.at(-2) ?? 0) + 1, prompts.at(-1));
}

const historyOf = (home: string) => Deno.readTextFile(join(home, ".local/state/denoftpd/history"));

terminalTest("hides the password, on the screen and in the history", async (terminal, { home, server }) => {
  const screen = await terminal.screen();
  assertNotMatch(screen, /wonder/);
  assertMatch(screen, /^Password for alice at 127\.0\.0\.1:$/m);
  assertStringIncludes(screen, "in clear, without TLS");
  await terminal.type(`user alice ${ALICE.password}`, "Enter");
  await terminal.until(/Connected.*\n(?:.*\n)*.*Connected[\s\S]*>$/);
  await terminal.type("user alice", "Enter");
  await terminal.until(/Password[^\n]*$/);
  await terminal.type("wrong", "C-u");
  await terminal.type(`${ALICE.password}x`, "BSpace", "Enter");
  await terminal.until(/(?:Connected[\s\S]*){3}>$/);
  await terminal.type("pwd", "Enter");
  await terminal.until(/^\/$/m);
  assertEquals(await historyOf(home), "user alice\npwd\n");
  assertEquals((Deno.statSync(join(home, ".local/state/denoftpd/history")).mode ?? 0) & 0o777, 0o600);
  await server.untilLogged(/USER alice/);
});

terminalTest("completes commands, remote and local names", async (terminal, { remote, local }) => {
  for (const name of ["report.txt", "result.txt", "with blank"]) await Deno.writeTextFile(join(remote, name), name);
  await Deno.mkdir(join(remote, "reports"));
  await Deno.writeTextFile(join(local, "my upload"), "up");
  await terminal.type("mod", "Tab");
  await terminal.until(/> modtime$/);
  await terminal.type("rep", "Tab");
  await terminal.until(/> modtime report$/);
  await terminal.type("", "Tab");
  // Side by side, or below each other on the runtime of older executables.
  await terminal.until(/^report\.txt\s+reports\/$/m);
  await terminal.type(".", "Tab", "Enter");
  await terminal.until(/^20\S+Z\s+report\.txt$/m);
  await terminal.type("get w", "Tab", "Enter");
  await terminal.until(/with blank: 10 bytes/);
  assertEquals(await Deno.readTextFile(join(local, "with blank")), "with blank");
  await terminal.type("put m", "Tab", "Enter");
  await terminal.until(/my upload: 2 bytes/);
  assertEquals(await Deno.readTextFile(join(remote, "my upload")), "up");
});

terminalTest("calls back lines of this session and of earlier ones", async (terminal, { home, url, local }) => {
  await terminal.type("lpwd", "Enter");
  await terminal.type("pwd", "Enter");
  await terminal.type("", "Up", "Up", "Enter");
  await terminal.until(/(?:> lpwd\n[\s\S]*){2}>$/);
  await terminal.type("bye", "Enter");
  assertMatch(await terminal.until(/\[status.*\]/), /\[status 0 icanon echo\]/);
  assertEquals(await historyOf(home), "lpwd\npwd\nlpwd\nbye\n");
  const environment = { HOME: home, ...cache() };
  await using later = await Terminal.start(await programme(home, local, url), { cwd: local, environment });
  await later.until(/^ftp>$/m);
  await later.type("", "Up", "Up");
  await later.until(/^ftp> lpwd$/m);
  await later.type("", "C-c");
  await later.type(`open ${url}`, "Enter");
  await later.until(/Password/);
  await later.type("", "C-c");
  assertMatch(await later.until(/ftp>$/), /No password/i);
});

terminalTest("stops a transfer at Ctrl-C, and stays", async (terminal, { remote, local, server }) => {
  await Deno.writeFile(join(remote, "big"), new Uint8Array(40_000_000));
  const start = server.logSize();
  await terminal.type("get big", "Enter");
  const running = await terminal.until(/big .*\d+%/);
  assertMatch(running, /\d+(?:\.\d+)? [KM]iB\/38 MiB/);
  await terminal.type("", "C-c");
  await terminal.until(/Interrupted\n\S+:\/>$/);
  await terminal.type("ls", "Enter");
  assertEquals(answerIn(await terminal.until(/> ls\n.*\n\S+>$/)), ["big"]);
  // What has arrived is kept hidden for reget, and the session is the same one.
  assertEquals([...Deno.readDirSync(local)].map(({ name }) => name), [".big.denoftpd-part"]);
  const log = server.log(start);
  assertMatch(log, /ABOR/);
  assertNotMatch(log, /USER/);
}, { user: "slow" });

terminalTest("leaves at the second Ctrl-C, and the terminal works", async (terminal, { remote, server }) => {
  await Deno.writeFile(join(remote, "big"), new Uint8Array(40_000_000));
  await terminal.type("get big", "Enter");
  await terminal.until(/big .*\d+%/);
  // A server that does not answer ABOR any more.
  Deno.kill(server.pid, "SIGSTOP");
  try {
    await terminal.type("", "C-c");
    await terminal.until(/once more leaves/);
    await terminal.type("", "C-c");
    assertMatch(await terminal.until(/\[status.*\]/), /\[status 130 icanon echo\]/);
  } finally {
    Deno.kill(server.pid, "SIGCONT");
  }
}, { user: "slow" });

terminalTest("clears the line at Ctrl-C, and leaves at the second on an empty one", async (terminal) => {
  await terminal.type("delete everything", "C-c");
  await terminal.until(/delete everything\^C\n\S+:\/>$/);
  await terminal.type("", "C-c");
  await terminal.until(/Ctrl-C once more leaves/);
  await terminal.type("", "C-c");
  assertMatch(await terminal.until(/\[status.*\]/), /\[status 130 icanon echo\]/);
});

terminalTest("follows the size of the window", async (terminal, { remote }) => {
  for (let index = 10; index < 22; index++) await Deno.writeTextFile(join(remote, `name-${index}`), "");
  await terminal.type("ls", "Enter");
  assertEquals(answerIn(await terminal.until(/name-21\n\S+>$/)).length, 2);
  await terminal.type("put one two three");
  await terminal.until(/> put one two three$/);
  await terminal.resize(28, 20);
  await terminal.until(/^127\.0\.0\.1:\/> put one two thr\nee$/m);
  await terminal.type("", "Home", "Right", "Right", "Right", "x");
  await terminal.until(/^127\.0\.0\.1:\/> putx one two th\nree$/m);
  await terminal.type("", "C-c");
  await terminal.type("ls", "Enter");
  await terminal.until(/> ls\n(?:name-\d\d {2}name-\d\d {2}name-\d\d\n){4}\S+>$/);
}, { columns: 80 });

terminalTest("runs programs, which have the terminal meanwhile", async (terminal, { remote, local }) => {
  for (const name of ["a", "b", "c"]) await Deno.writeTextFile(join(remote, name), `content of ${name}\n`);
  await terminal.type("ls | sort -r", "Enter");
  assertEquals(answerIn(await terminal.until(/\na\n\S+>$/)), ["c", "b", "a"]);
  await terminal.type("cat a b | tr a-z A-Z", "Enter");
  await terminal.until(/CONTENT OF A\nCONTENT OF B\n\S+>$/);
  await terminal.type('!echo "which word"; read -r word; echo "it was $word"; pwd', "Enter");
  await terminal.until(/^which word$/m);
  await terminal.type("typed", "Enter");
  assertStringIncludes((await terminal.until(/it was typed\n[\s\S]*>$/)).replaceAll("\n", ""), local);
  // Only once it runs does Ctrl-C end it, and not what is about to start it.
  await terminal.type("!echo asleep; sleep 100", "Enter");
  await terminal.until(/^asleep$/m);
  await terminal.type("", "C-c");
  await terminal.until(/^asleep\n[^]*>$/m);
  await terminal.type("dir > listing", "Enter");
  await terminal.until(/> dir > listing\n\S+>$/);
  assertEquals((await Deno.readTextFile(join(local, "listing"))).trim().split("\n").length, 3);
});

terminalTest("colours names, and shows those that would harm the terminal", async (terminal, { remote }) => {
  await Deno.mkdir(join(remote, "folder"));
  await Deno.writeTextFile(join(remote, "\x1b]0;owned\x07"), "");
  await terminal.type("ls", "Enter");
  await terminal.until(/^\\x1b\]0;owned\\x07 {2}folder$/m);
  assertMatch(await terminal.screen({ colours: true }), BLUE);
});

terminalTest("has no colours with NO_COLOR", async (terminal, { remote }) => {
  await Deno.mkdir(join(remote, "folder"));
  await terminal.type("ls", "Enter");
  await terminal.until(/^folder$/m);
  assertNotMatch(await terminal.screen({ colours: true }), BLUE);
}, { environment: { NO_COLOR: "1" } });

terminalTest("runs a transfer in the background, and says at the prompt how it ended", async (terminal, bench) => {
  await Deno.writeFile(join(bench.remote, "big"), new Uint8Array(800_000));
  await terminal.type("get big &", "Enter");
  await terminal.until(/^\[1\] get big$/m);
  await terminal.type("jobs", "Enter");
  await terminal.until(/> jobs\n\[1\] get big/);
  await terminal.type("bye", "Enter");
  await terminal.until(/1 commands run in the background/);
  await terminal.type("jobs wait", "Enter");
  await terminal.until(/^\[1\] done: get big, 781KB$/m);
  assertEquals(Deno.statSync(join(bench.local, "big")).size, 800_000);
}, { user: "slow" });

terminalTest("mirrors a directory", async (terminal, { remote, local }) => {
  await Deno.mkdir(join(remote, "site/sub"), { recursive: true });
  for (let index = 0; index < 20; index++) await Deno.writeTextFile(join(remote, "site/sub", `f${index}`), "content");
  await terminal.type("mirror si", "Tab", "Enter");
  await terminal.until(/^20 files, 140B$/m);
  assertEquals([...Deno.readDirSync(join(local, "site/sub"))].length, 20);
  await terminal.type("mirror site", "Enter");
  await terminal.until(/^0 files, 0B, 20 left as they are$/m);
});

tests.test("runs a script up to the first failure", async ({ run: runClient, server, remote, local }) => {
  const url = `ftp://alice@127.0.0.1:${server.port}/`;
  const home = join(local, "..", "home");
  const [program = "", ...args] = await programme(home, local, url);
  const environment = { DENOFTPD_PASSWORD: ALICE.password, ...cache() };
  const script = (lines: string[]) =>
    runClient(program, [...args, url], { stdin: lines.join("\n"), allowFailure: true, environment });
  await Deno.writeTextFile(join(remote, "a.csv"), "1,2\n");
  const good = await script([
    "# a comment",
    "",
    "mkdir in",
    "-mkdir in",
    "cat a.csv",
    "ls",
    "get a.csv",
    "put a.csv in/b",
  ]);
  assertEquals([good.code, good.stdout], [0, "1,2\na.csv\nin\n"]);
  assertEquals(await Deno.readTextFile(join(remote, "in/b")), "1,2\n");
  const bad = await script(["cd nowhere", "mdelete *"]);
  assertEquals([bad.code, bad.stdout], [78, ""]);
  assertMatch(
    bad.stderr,
    /^denoftpd: .*no such file.*550.*\ndenoftpd: Line 1 failed, what follows it was not run\n$/,
  );
  assert([...Deno.readDirSync(remote)].length === 2);
  assertEquals((await script(["frobnicate"])).code, 2);
  assertEquals((await script(["bye", "frobnicate"])).code, 0);
});
