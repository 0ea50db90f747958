/**
 * Running other people's clients: each one bounded in time, cut off from the configuration of whoever runs the tests,
 * and with all it wrote in the error when it fails.
 *
 * @module
 */

const TIME_LIMIT_MS = 60_000;

/** How {@link run} runs a program. */
export interface RunOptions {
  readonly cwd?: string;
  /** Added to, or instead of, the bare environment that a client gets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The program also gets the environment of the tests, as Deno needs to find its cache. Default `false`. */
  readonly inheritEnvironment?: boolean;
  /** Text for standard input; without it, there is none. */
  readonly stdin?: string;
  /** Exit statuses other than 0 are returned instead of thrown. Default `false`. */
  readonly allowFailure?: boolean;
  /** Milliseconds until the program is killed. Default: a minute. */
  readonly timeLimit?: number;
}

/** What a program that has ended leaves. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `program` to its end, for a limited time. Rejects when it fails or has to be killed, saying all it wrote. */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const { cwd, stdin, inheritEnvironment = false, timeLimit = TIME_LIMIT_MS } = options;
  const bare = { PATH: Deno.env.get("PATH") ?? "", LANG: "C.UTF-8", LC_ALL: "C.UTF-8", TERM: "dumb", NO_COLOR: "1" };
  const child = new Deno.Command(program, {
    args: [...args],
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...(inheritEnvironment ? {} : bare), ...options.environment },
    clearEnv: !inheritEnvironment,
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, timeLimit);
  try {
    const [output] = await Promise.all([child.output(), stdin === undefined ? undefined : feed(child, stdin)]);
    const decoder = new TextDecoder();
    const finished = {
      code: output.code,
      stdout: decoder.decode(output.stdout),
      stderr: decoder.decode(output.stderr),
    };
    if (timedOut || (output.code !== 0 && options.allowFailure !== true)) {
      throw new Error(
        describe(
          [program, ...args],
          timedOut ? `was killed after ${timeLimit} ms` : `ended with ${output.code}`,
          finished,
        ),
      );
    }
    return finished;
  } finally {
    clearTimeout(timer);
  }
}

/** Where `program` is on the search path, or `undefined`. */
export async function find(program: string): Promise<string | undefined> {
  const { code, stdout } = await run("/bin/sh", ["-c", 'command -v "$1"', "sh", program], { allowFailure: true });
  return code === 0 ? stdout.trim() : undefined;
}

async function feed(child: Deno.ChildProcess, text: string): Promise<void> {
  try {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch (error) {
    // A program may end without reading all of its input; its exit status tells whether that is a failure.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

function describe(command: readonly string[], end: string, finished: Finished): string {
  const line = command.map((word) => /^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word)).join(" ");
  return `${line} ${end}\nstdout: ${finished.stdout}\nstderr: ${finished.stderr}`;
}

/** How {@link runInterrupted} runs a program. */
export interface InterruptOptions {
  readonly cwd: string;
  /** Lines for standard input before it is interrupted, and afterwards. */
  readonly stdin?: readonly string[];
  readonly afterwards?: readonly string[];
  /** It is interrupted as soon as what it has written matches. */
  readonly when: RegExp;
}

/** Runs `program`, interrupts it as Control-C does, and lets it come to its end. Rejects when it has to be killed. */
export async function runInterrupted(
  program: string,
  args: readonly string[],
  { cwd, stdin = [], afterwards = [], when }: InterruptOptions,
): Promise<{ readonly transcript: string }> {
  const child = new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { PATH: Deno.env.get("PATH") ?? "", LC_ALL: "C.UTF-8", TERM: "dumb", HOME: cwd },
    clearEnv: true,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), TIME_LIMIT_MS);
  const writer = child.stdin.getWriter();
  const say = (lines: readonly string[]) =>
    writer.write(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));
  let transcript = "";
  let interrupted = false;
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      transcript += text;
      if (interrupted || !when.test(transcript)) continue;
      interrupted = true;
      child.kill("SIGINT");
      await say(afterwards).then(() => writer.close()).catch(ignoreBrokenPipe);
    }
  };
  const reading = [collect(child.stdout), collect(child.stderr)];
  await say(stdin).catch(ignoreBrokenPipe);
  await Promise.all(reading);
  const { signal } = await child.status;
  clearTimeout(timer);
  if (!interrupted) await writer.close().catch(ignoreBrokenPipe);
  if (!interrupted || signal === "SIGKILL") {
    throw new Error(`${program} ${interrupted ? "did not end" : "was not interrupted"}:\n${transcript}`);
  }
  return { transcript };
}

/** A program may end without reading all of its input. */
function ignoreBrokenPipe(error: unknown): void {
  if (!(error instanceof Deno.errors.BrokenPipe) && !(error instanceof TypeError)) throw error;
}
