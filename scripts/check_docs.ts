/**
 * Holds the public face to its documentation: `deno doc --lint` on every entry point of `deno.json`. Each exported
 * symbol has a sentence, and each type that a public signature names is exported.
 *
 *     deno run --allow-read=deno.json --allow-run scripts/check_docs.ts
 *
 * @module
 */

/** Files that are not held to it yet: only ever fewer. */
const PENDING: readonly string[] = [
  "lib/data/file_sender.ts",
  "lib/native/native_io.ts",
  "lib/net/connection.ts",
  "lib/options/shared_state.ts",
];

/** Resolves to the problems that `deno doc --lint` finds, one text each, without those of pending files. */
async function lint(entryPoints: readonly string[]): Promise<string[]> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", "--quiet", ...entryPoints],
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stderr) + new TextDecoder().decode(stdout);
  return text.split(/\n(?=error)/).filter((part) => part.startsWith("error[")).filter((problem) =>
    !PENDING.some((path) => problem.includes(`/${path}:`))
  );
}

if (import.meta.main) {
  // The casts are for a file of ours.
  const { exports } = JSON.parse(await Deno.readTextFile("deno.json")) as { exports: Record<string, string> };
  const problems = await lint(Object.values(exports));
  const text = problems.length === 0 ? "Everything public is documented" : problems.join("\n");
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
  Deno.exitCode = problems.length === 0 ? 0 : 1;
}
