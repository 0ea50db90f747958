/**
 * The compiled file: where it is, and how it is run with nothing around it.
 *
 * @module
 */

import { resolve } from "@std/path";

const READY = /^(?:ready |\{"url":")ftp:\/\/[^"\s]+:(\d+).*\n/m;

/** What the executable leaves when it has ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** An executable that said it was ready. */
export interface Ready {
  readonly process: Deno.ChildProcess;
  /** The line that said so, from `serve` in words, from `fixture` as JSON. */
  readonly line: string;
}

/** How it is run. */
export interface RunOptions {
  readonly cwd?: string;
  /** The whole environment. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input is a pipe that stays open. Default: there is none. */
  readonly stdin?: "piped";
  /** Called with the control port once it is ready; then it is asked to end. */
  readonly whenReady?: (port: number, ready: Ready) => Promise<void>;
}

/**
 * Path of the file that `DENOFTPD_EXECUTABLE` names, or that `deno task compile` made for this system. From here on the
 * variable names it, as the launcher of the client tests wants.
 *
 * @throws {Error} where there is none.
 */
export function findExecutable(): string {
  const file = Deno.build.os === "windows" ? "denoftpd.exe" : "denoftpd";
  const path = resolve(Deno.env.get("DENOFTPD_EXECUTABLE") ?? `dist/${Deno.build.target}/${file}`);
  try {
    Deno.statSync(path);
  } catch {
    throw new Error(`There is no executable "${path}": make it with "deno task compile"`);
  }
  Deno.env.set("DENOFTPD_EXECUTABLE", path);
  return path;
}

/** Longest life once it is ready: only a test that has failed already gets here. */
const PATIENCE = 60_000;

/** Runs the executable until it ends: by itself, or by SIGTERM once it was ready. It is killed when nothing ends it. */
export async function runExecutable(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const { cwd, env = {}, stdin = "null", whenReady } = options;
  const child = new Deno.Command(findExecutable(), {
    args: [...args],
    ...(cwd !== undefined && { cwd }),
    env: { ...env },
    clearEnv: true,
    stdin,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  const decoder = new TextDecoder();
  let stdout = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  for await (const chunk of child.stdout) {
    stdout += decoder.decode(chunk, { stream: true });
    const [line = "", port] = READY.exec(stdout) ?? [];
    if (port === undefined) continue;
    timer ??= setTimeout(() => signal(child, "SIGKILL"), PATIENCE);
    try {
      await whenReady?.(Number(port), { process: child, line });
    } finally {
      signal(child, "SIGTERM");
    }
  }
  clearTimeout(timer);
  return { code: (await child.status).code, stdout, stderr: await stderr };
}

function signal(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch {
    // It has ended already, which is what the signal was for.
  }
}

/** A directory that is there for `body`, and gone afterwards. */
export async function withDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.realPath(await Deno.makeTempDir({ prefix: "denoftpd-executable-" }));
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
