// Starts an FTP server for a test and stops it again. Works with any test runner.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** Starts `denoftpd fixture` (or the executable that DENOFTPD names) and waits for its ready line. */
export async function startFixture(...flags) {
  const child = spawn(process.env.DENOFTPD ?? "denoftpd", ["fixture", "--exit-on-stdin-close", ...flags], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const failed = once(child, "exit").then(([code]) => Promise.reject(new Error(`denoftpd ended with ${code}`)));
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), "line"), failed]);
  failed.catch(() => {});
  return {
    ...JSON.parse(line),
    async stop() {
      const exited = once(child, "exit");
      child.stdin.end();
      await exited;
    },
  };
}
