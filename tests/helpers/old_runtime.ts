/**
 * Whether the server under test is an executable with a runtime before Deno 2.9, which lacks what
 * docs/deploy.md lists.
 *
 * @module
 */

async function isOld(): Promise<boolean> {
  const executable = Deno.env.get("DENOFTPD_EXECUTABLE");
  if (executable === undefined) return false;
  const { stdout } = await new Deno.Command(executable, { args: ["version"] }).output();
  const [, major, minor] = /deno (\d+)\.(\d+)/.exec(new TextDecoder().decode(stdout)) ?? [];
  return Number(major) * 100 + Number(minor) < 209;
}

/** See above; `false` for the server from source. */
export const OLD_RUNTIME: boolean = await isOld();
