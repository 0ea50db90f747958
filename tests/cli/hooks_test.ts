import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runPermissions } from "../../lib/cli/permissions/command.ts";
import { readFixtureFlags } from "../../lib/cli/fixture/flags.ts";
import { Wire } from "../helpers/wire.ts";
import { withFile } from "../hooks/hooked.ts";
import { serve, startServe } from "./serve_process.ts";

const SOURCE = `
  import type { Hooks } from "denoftpd";
  export default {
    before: { STOR: ({ path }) => path?.endsWith(".exe") ? { code: 553, text: "No programs" } : undefined },
    after: { NOOP: () => ({ code: 200, text: "Mine" }) },
    events: { login: ({ user }) => console.log("welcome", user) },
  } satisfies Hooks;`;

/** Starts `serve` for anonymous uploads into a new directory. */
async function withServe(
  flags: readonly string[],
  permissions: readonly string[],
  act: (stage: { readonly port: number; readonly logged: (pattern: RegExp) => Promise<string> }) => Promise<void>,
): Promise<void> {
  const cwd = await Deno.makeTempDir();
  try {
    await withFile(SOURCE, async (file) => {
      await using serving = await startServe({
        permissions: ["--allow-net=127.0.0.1", `--allow-read=${cwd},${file},lib`, ...permissions],
        flags: ["--port=0", `--anonymous=${cwd}`, `--hooks=${file}`, "--allow-root", ...flags],
        cwd,
      });
      await act({ port: serving.port, logged: (pattern) => serving.logged(pattern) });
      serving.kill("SIGTERM");
      assertEquals(await serving.code, 0);
    });
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
}

const LIB = new URL("../../lib", import.meta.url).pathname;

for (
  const [what, flags, permissions] of [
    ["a thread", [], []],
    ["a process", ["--hooks-process"], [`--allow-run=${Deno.execPath()}`]],
    ["a thread for each of two workers", ["--workers=2"], [`--allow-read=${LIB}`, "--unstable-net"]],
  ] as const
) {
  Deno.test(`serve --hooks runs them in ${what}, with narrow permissions`, () =>
    withServe(flags, permissions, async ({ port, logged }) => {
      await using wire = await Wire.connect(port);
      await wire.expectReply(220);
      await wire.login("anonymous", "me@example.org");
      assertEquals((await wire.expect("NOOP", 200)).text, "Mine");
      await logged(/Hooks print: welcome anonymous/);
    }));
}

Deno.test("serve refuses hooks that do not load, with one line, and names the file", () =>
  withFile("export const before = { STORE() {} };", async (file) => {
    const cwd = await Deno.makeTempDir();
    const { code, stdout, stderr } = await serve({
      permissions: ["--allow-net=127.0.0.1", `--allow-read=${cwd},${file}`],
      flags: ["--port=0", `--anonymous=${cwd}`, `--hooks=${file}`, "--allow-root"],
      cwd,
    });
    await Deno.remove(cwd);
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(stderr, `Hooks "${file}": "before" has "STORE", and no command is called that`);
  }));

Deno.test("permissions knows what hooks need, and the runtime's flag", async () => {
  let printed = "";
  const io = { stdout: (text: string) => void (printed += text), stderr: (text: string) => void (printed += text) };
  assertEquals(await runPermissions(["--hooks", "/etc/hooks.ts", "--anonymous", "/srv"], io), 0);
  const lines = printed.trim().split("\n");
  assert(lines.some((line) => line.startsWith("--allow-read=") && line.includes("/etc/hooks.ts")), printed);
  assert(lines.includes("--unstable-worker-options"), printed);
  assert(!printed.includes("--allow-run"), printed);
  printed = "";
  await runPermissions(["--hooks", "/etc/hooks.ts", "--hooks-process", "--anonymous", "/srv"], io);
  assertStringIncludes(printed, `--allow-run=${Deno.execPath()}`);
  assert(!printed.includes("worker-options"), printed);
});

Deno.test("fixture reads the flags of hooks", () => {
  const { options } = readFixtureFlags(["--hooks", "h.ts", "--hooks-timeout", "2s", "--hooks-failure", "allow"]);
  assertEquals(options.hooks, { file: "h.ts", timeout: 2_000, failure: "allow" });
});
