import { assert, assertEquals, assertMatch } from "@std/assert";
import { runPermissions } from "../../lib/cli/permissions/command.ts";

async function printed(args: readonly string[]): Promise<{ readonly status: number; readonly text: string }> {
  let text = "";
  const add = (more: string) => void (text += more);
  return { status: await runPermissions(["ftp", ...args], { stdout: add, stderr: add }), text };
}

Deno.test("permissions ftp names the server, the files of the user and the interpreter", async () => {
  const { status, text } = await printed(["ftp://alice@127.0.0.1:2121/", "--netrc", "/some/netrc"]);
  assertEquals(status, 0);
  const flags = text.trim().split("\n");
  assertEquals(flags[0], "--allow-net=127.0.0.1");
  assertMatch(flags[1] ?? "", new RegExp(`^--allow-read=${Deno.cwd()},.*/denoftpd,.*/some/netrc`));
  assertMatch(flags[2] ?? "", new RegExp(`^--allow-write=${Deno.cwd()},.*/denoftpd$`));
  assertMatch(flags[3] ?? "", /^--allow-env=HOME,.*DENOFTPD_PASSWORD/);
  assertEquals(flags[4], Deno.build.os === "windows" ? "--allow-run=cmd.exe" : "--allow-run=/bin/sh");
});

Deno.test("permissions ftp names the addresses of a host as well, and any host where none is named", async () => {
  assertMatch((await printed(["localhost"])).text, /^--allow-net=localhost,(?:127\.0\.0\.1|\[::1\])/);
  assert((await printed([])).text.startsWith("--allow-net\n"));
  assert((await printed(["localhost", "--active"])).text.startsWith("--allow-net\n"));
  assert((await printed(["[::1]"])).text.startsWith("--allow-net=[::1]\n"));
});

Deno.test("permissions ftp refuses what ftp would refuse", async () => {
  const { status, text } = await printed(["--nonsense"]);
  assertEquals([status, text], [2, 'denoftpd: Unknown flag "--nonsense", see denoftpd help ftp\n']);
});
