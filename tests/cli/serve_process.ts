/**
 * `denoftpd serve` from source in a process of its own, with the permissions that a test chooses.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";

const MAIN = fromFileUrl(new URL("../../main.ts", import.meta.url));

/** What is left of a server that has ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where and with what `serve` is started. */
export interface ServeOptions {
  readonly permissions: readonly string[];
  readonly flags: readonly string[];
  readonly cwd: string;
  /**
   * Called with the control port once the server is ready; then the server is asked to end. Without it, it should not
   * get ready.
   */
  readonly whenReady?: (port: number, pid: number) => Promise<void>;
}

/** Runs `serve` until it ends: by itself, or by SIGTERM once it was ready. */
export async function serve({ permissions, flags, cwd, whenReady }: ServeOptions): Promise<Ended> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--quiet", ...permissions, MAIN, "serve", ...flags],
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stderr = new Response(child.stderr).text();
  let stdout = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    stdout += decoder.decode(chunk, { stream: true });
    const port = /^ready ftp:\/\/\S+:(\d+)\n/m.exec(stdout)?.[1];
    if (port === undefined) continue;
    try {
      await whenReady?.(Number(port), child.pid);
    } finally {
      child.kill("SIGTERM");
    }
  }
  return { code: (await child.status).code, stdout, stderr: await stderr };
}
