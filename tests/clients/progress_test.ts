/**
 * The bars of client commands in a real terminal.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { type Bench, ClientTests } from "./bench.ts";
import { ALICE } from "./server_under_test.ts";
import { Terminal } from "./terminal.ts";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));
const FILES = 3;
/** However busy the machine: the transfer is not over before the test ends it. */
const FOR_LONG = "100K";

const tests = await ClientTests.of("denoftpd mirror", ["tmux"], { accounts: [ALICE] });

/** A mirror of three files, at a rate at which all three have bars for a while: 12 MB in all. */
function barsTest(claim: string, columns: number, body: (terminal: Terminal) => Promise<void>, rate = "3M"): void {
  tests.test(claim, async ({ local, remote, server }: Bench) => {
    for (let file = 1; file <= FILES; file++) {
      await Deno.writeFile(join(remote, `a-file-with-a-name-that-is-rather-long-${file}`), new Uint8Array(4_000_000));
    }
    const url = `ftp://${ALICE.user}@127.0.0.1:${server.port}/`;
    const executable = Deno.env.get("DENOFTPD_EXECUTABLE");
    const program = executable === undefined ? [Deno.execPath(), "run", "-A", MAIN] : [executable];
    const environment = {
      HOME: join(local, "..", "home"),
      DENOFTPD_PASSWORD: ALICE.password,
      ...(Deno.env.get("DENO_DIR") !== undefined && { DENO_DIR: Deno.env.get("DENO_DIR") ?? "" }),
    };
    await using terminal = await Terminal.start(
      [...program, "mirror", url, join(local, "m"), "--limit-rate", rate, "--tls", "off"],
      { cwd: local, columns, environment },
    );
    await body(terminal);
  });
}

const BAR = /^\S.* \[[█░]+\] +\d+%(?: |$)/;

/** The bars on a screen: whole, one after the other, nothing below them, and that of the job first. */
function barsOf(screen: string): string[] {
  const lines = screen.split("\n");
  const start = lines.findIndex((line) => /[█░]|\d+%/.test(line));
  const bars = start < 0 ? [] : lines.slice(start);
  for (const [index, bar] of bars.entries()) {
    assert(BAR.test(bar), `Line ${start + index} is no whole bar:\n${screen}`);
    assertEquals(/^\d of 3 files/.test(bar), index === 0, screen);
  }
  assert(bars.length <= FILES + 1, screen);
  return bars;
}

for (const columns of [80, 44, 200]) {
  barsTest(`never tears its bars in ${columns} columns`, columns, async (terminal) => {
    await terminal.until(/0 of 3 files(?:.*\n.*%){3}/);
    let most = 0;
    for (;;) {
      const screen = await terminal.screen();
      if (/\[status/.test(screen)) break;
      most = Math.max(most, barsOf(screen).length);
    }
    assertEquals(most, FILES + 1);
    const end = await terminal.until(/\[status 0 icanon echo\]/);
    assert(!/[█░]/.test(end), end);
  });
}

barsTest("keeps its bars together when the window changes", 100, async (terminal) => {
  await terminal.until(/0 of 3 files(?:.*\n.*%){3}/);
  for (const columns of [60, 45, 120]) {
    await terminal.resize(columns, 24);
    // Drawn for this size: the bar of the job is as wide as there is room.
    await terminal.until(new RegExp(`^(?:.*\\n)*\\d of 3 files.{${Math.min(columns, 90) - 30},}`));
  }
  const screen = await terminal.screen();
  assertEquals(screen.match(/of 3 files/g)?.length, 1, screen);
  barsOf(screen);
  await terminal.type("", "C-c");
  await terminal.until(/\[status 130 icanon echo\]/);
}, FOR_LONG);

barsTest("takes its bars from the screen at Ctrl-C", 80, async (terminal) => {
  await terminal.until(/0 of 3 files(?:.*\n.*%){3}/);
  await terminal.type("", "C-c");
  const screen = await terminal.until(/\[status 130 icanon echo\]/);
  assert(!/[█░]/.test(screen), screen);
  assert(screen.includes("denoftpd: Interrupted"), screen);
}, FOR_LONG);
