/**
 * Runs the programs that a build needs.
 *
 * @module
 */

/** What a program that has ended leaves. */
export interface Finished {
  readonly success: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program is run. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `command` to its end, without colours in what it writes. */
export async function run([program = "", ...args]: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const env = { NO_COLOR: "1", ...options.env };
  const output = await new Deno.Command(program, { ...options, args, env, stdin: "null" }).output();
  const decoder = new TextDecoder();
  return { success: output.success, stdout: decoder.decode(output.stdout), stderr: decoder.decode(output.stderr) };
}

/** As {@link run}. @throws {Error} with what the program wrote when it fails. */
export async function runOrThrow(command: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const finished = await run(command, options);
  if (!finished.success) throw new Error(`"${command.slice(0, 3).join(" ")}" failed:\n${finished.stderr}`);
  return finished;
}
