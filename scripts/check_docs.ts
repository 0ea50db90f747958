/**
 * Holds the public face to its documentation: `deno doc --lint` on every entry point of `deno.json`. Each exported
 * symbol has a sentence, and each type that a public signature names is exported.
 *
 *     deno run --allow-read=deno.json --allow-run scripts/check_docs.ts
 *
 * @module
 */

if (import.meta.main) {
  // The cast is for a file of ours.
  const { exports } = JSON.parse(await Deno.readTextFile("deno.json")) as { exports: Record<string, string> };
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", "--quiet", ...Object.values(exports)],
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (success) Deno.stdout.writeSync(new TextEncoder().encode("Everything public is documented\n"));
  Deno.exitCode = success ? 0 : 1;
}
