/**
 * The completion scripts in the shells that they are for, and the manual page.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { programCommands } from "../../lib/cli/commands.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

/** A test that needs `program`; on CI it may not be missing. */
function withProgram(program: string, name: string, body: () => Promise<void>): void {
  const isThere = (Deno.env.get("PATH") ?? "").split(":").some((directory) => {
    try {
      return Deno.statSync(`${directory}/${program}`).isFile;
    } catch {
      return false;
    }
  });
  Deno.test({ name: `${program}: ${name}`, ignore: !isThere && !Deno.env.get("CI"), fn: body });
}

async function run(program: string, args: readonly string[], input = ""): Promise<string> {
  const process = new Deno.Command(program, { args: [...args], stdin: "piped", stdout: "piped", stderr: "piped" })
    .spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { stdout, stderr } = await process.output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

function denoftpd(...args: readonly string[]): Promise<string> {
  return run(Deno.execPath(), ["run", "--allow-all", "--no-prompt", MAIN, ...args]);
}

const LINES = ["denoftpd mir", "denoftpd mirror --par", "denoftpd user pas", "denoftpd help doc", "denoftpd get -"];

withProgram("bash", "completes commands, flags and words", async () => {
  const script = await denoftpd("completion", "bash");
  const asked = LINES.map((line) =>
    `COMP_WORDS=(${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _denoftpd; echo "\${COMPREPLY[@]}"`
  );
  const [mirror, parallel, passwd, doctor, get] = (await run("bash", [], `${script}\n${asked.join("\n")}\n`)).split(
    "\n",
  );
  assertEquals([mirror, parallel, passwd, doctor], ["mirror", "--parallel", "passwd", "doctor"]);
  assertEquals(get?.split(" ").slice(0, 3), ["-o", "--output", "--resume"]);
});

withProgram("fish", "completes commands, flags and words", async () => {
  const script = await denoftpd("completion", "fish");
  const asked = LINES.slice(0, 3).map((line) => `complete -C '${line}' | string replace -r '\\t.*' ''`);
  const answer = await run("fish", ["--no-config"], `${script}\n${asked.join("\n")}\n`);
  assertEquals(answer, "mirror\n--parallel\npasswd\n");
});

withProgram("zsh", "accepts the script", async () => {
  assertEquals(await run("zsh", ["-n", "/dev/stdin"], await denoftpd("completion", "zsh")), "");
});

withProgram("mandoc", "finds nothing wrong with the manual page, which has every command", async () => {
  const page = await denoftpd("manual");
  assertEquals(await run("mandoc", ["-T", "lint", "-W", "error"], page), "");
  const text = (await run("mandoc", ["-T", "html"], page)).replaceAll(/\s+/g, " ");
  const missing = (await programCommands()).filter(({ name }) => !text.includes(`denoftpd ${name}`));
  assertEquals(missing, []);
});

for (const wrong of ["tcsh", "constructor"]) {
  Deno.test(`completion wants the name of a shell, not ${wrong}`, async () => {
    assertEquals(
      await denoftpd("completion", wrong),
      "denoftpd: Name one shell: bash, zsh or fish, see denoftpd help completion\n",
    );
  });
}
